#include <stdio.h>
#include <stdlib.h>

struct stack {
    int *items;
    size_t len, cap;
};

void stack_push(struct stack *s, int item) {
    if (s->len == s->cap) {
        s->cap = s->cap ? 2 * s->cap : 8;
        s->items = realloc($0);
    }
    s->items[s->len++] = item;
}
