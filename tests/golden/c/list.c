/*
 * Copyright 2024 Nobody
 */

/* Linked lists. */

#include <stdio.h>
#include "list.h"

#define LIST_MAX 10
#define LIST_EACH(item, list) \
	for (item = (list)->head; \
	     item; item = item->next)

typedef unsigned long size;
typedef int (*compare_fn)(const void *, const void *);

/* One node. */
struct node {
	struct node *next;	/* or NULL */
	union {
		int number;
		char *text;
	} value;
	enum { NUMBER, TEXT } tag;
};

typedef struct {
	struct node *head;
	size length;
} list;

typedef struct tree_ {
	struct tree_ *left, *right;
} tree;

enum color { RED, GREEN = 5 };

typedef enum { SMALL, LARGE } extent;

static const struct option {
	const char *name;
	int flag;
} options[] = {
	{ "all", 1 },
	{ "none", 0 },
};

int list_length(const list *l);

/*
 * Push a number.
 */
static inline struct node *
list_push(list *l, int number)
{
	struct node *n = malloc(sizeof *n);
	n->value.number = number;
	return n;
}

// Free all nodes,
// then the list.
void list_free(list *l) {
	struct local { int x; } y;
	free(l);
}

char **split(const char *text, char by) { return NULL; }

int (*choose(int kind))(const void *, const void *) { return NULL; }

int (list_quick)(void) { return 1; }

__attribute__((noreturn)) static void die(const char *message, ...)
{
	fprintf(stderr, "%s größe 🙂\n", message);
}

#ifdef DEBUG
void dump(list *l)
{
	printf("%p\n", (void *)l);
}
#else
void dump(list *l) {}
#endif

int old_style(a, b)
	int a;
	char *b;
{
	return a;
}

int numbers[] = {
	1, 2, 3,
};

int main(int argc, char **argv) { return 0; }
