#ifndef LIST_H
#define LIST_H

struct list;

/* How many. */
int list_length(const struct list *l);

static inline int list_empty(const struct list *l) { return !list_length(l); }

#endif
