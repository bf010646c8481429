#include "settings.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void set(Settings* settings, const char* name, const char* value)
{
    if (strcmp(name, "host") == 0 && *value)
        snprintf(settings->host, sizeof settings->host, "%s", value);
    else if (strcmp(name, "token") == 0)
        snprintf(settings->token, sizeof settings->token, "%s", value);
    else if (strcmp(name, "port") == 0 && atoi(value) > 0 && atoi(value) < 65536)
        settings->port = atoi(value);
}

static char* trimmed(char* text)
{
    while (isspace((unsigned char)*text))
        ++text;
    char* end = text + strlen(text);
    while (end > text && isspace((unsigned char)end[-1]))
        --end;
    *end = 0;
    return text;
}

/* A line such as: host = "gpu-box.local"  # upstairs */
static void read_line(Settings* settings, char* line)
{
    char* const equals = strchr(line, '=');
    if (!equals || *trimmed(line) == '#')
        return;
    *equals = 0;
    char* value = trimmed(equals + 1);
    const char quote = *value == '"' || *value == '\'' ? *value++ : '#';
    char* const end = strchr(value, quote);
    if (end)
        *end = 0;
    set(settings, trimmed(line), quote == '#' ? trimmed(value) : value);
}

static FILE* open_file(void)
{
    char path[1024];
    const char* const own = getenv("MAGNET_PLUGIN_CONFIG");
    if (own)
        return fopen(own, "r");
#if defined(_WIN32)
    const char *const home = getenv("LOCALAPPDATA"), *const inner = "magnet-bridge";
#elif defined(__APPLE__)
    const char *const home = getenv("HOME"),
                      *const inner = "Library/Application Support/magnet-bridge";
#else
    const char* const config = getenv("XDG_CONFIG_HOME");
    const char* const home = config && *config ? config : getenv("HOME");
    const char* const inner = config && *config ? "magnet-bridge" : ".config/magnet-bridge";
#endif
    if (!home)
        return NULL;
    snprintf(path, sizeof path, "%s/%s/plugin.toml", home, inner);
    return fopen(path, "r");
}

void settings_read(Settings* settings)
{
    char line[512];
    *settings = (Settings){.host = "127.0.0.1", .port = 12100};
    FILE* const file = open_file();
    while (file && fgets(line, sizeof line, file))
        read_line(settings, line);
    if (file)
        fclose(file);
    static const char* const names[][2] = {
        {"host", "MAGNET_HOST"}, {"port", "MAGNET_PORT"}, {"token", "MAGNET_TOKEN"}};
    for (int i = 0; i < 3; ++i)
        if (getenv(names[i][1]))
            set(settings, names[i][0], getenv(names[i][1]));
}
