/* Where the server is: from MAGNET_HOST, MAGNET_PORT and MAGNET_TOKEN, or from a small file. */
#ifndef MAGNET_SETTINGS_H
#define MAGNET_SETTINGS_H

typedef struct {
    char host[256];
    int port;
    char token[256];
} Settings;

/* Variables go before the file, which is plugin.toml in the user's folder of magnet-bridge. */
void settings_read(Settings* settings);

#endif
