/* Counts what run() may not do. Left out (-DNO_WATCH) where a sanitizer watches the memory. */
#ifndef WATCH_H
#define WATCH_H

void watch_on(void);  /* the calling thread is in run() from now on */
void watch_off(void);
const char* watch_faults(void); /* empty where there was none */

#endif
