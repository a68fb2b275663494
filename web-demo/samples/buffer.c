#include <stdlib.h>
#include <string.h>

/* Bytes that grow as they are added to. */
struct buffer {
    char *data;
    size_t len;
    size_t capacity;
};

void buffer_init(struct buffer *buf) {
    buf->data = NULL;
    buf->len = 0;
    buf->capacity = 0;
}

int buffer_reserve(struct buffer *buf, size_t capacity) {
    if (capacity <= buf->capacity) {
        return 0;
    }
    char *data = realloc(buf->data, capacity);
    if (data == NULL) {
        return -1;
    }
    buf->data = data;
    buf->capacity = capacity;
    return 0;
}

int buffer_append(struct buffer *buf, const char *data, size_t len) {
    if (buffer_reserve(buf, buf->len + len) != 0) {
        return -1;
    }
    memcpy($0
    buf->len += len;
    return 0;
}

void buffer_free(struct buffer *buf) {
    free(buf->data);
    buffer_init(buf);
}
