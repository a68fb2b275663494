#include <stdio.h>
#include "shop.h"

#define MAX_TRIES 3
#define SQUARE(x) ((x) * (x))

typedef struct {
    const char *name;
    int (*price)(const struct shop *, int);
    long counts[MAX_TRIES], *next;
} item_t;

enum payment { CASH, CARD };

static const unsigned long limit = 3;

extern int shop_open(const char *path, void (*done)(int));

__attribute__((noinline)) static char *shop_name(const item_t *item, size_t, ...) {
    int sum = 0;
    printf("%s", item->name);
    return strdup(item->name);
}

int main(void) {
    return shop_open("shop", 0);
}
