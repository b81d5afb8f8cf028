#include "slots.h"

void slots_init(struct slots *slots, size_t max)
{
	*slots = (struct slots){.max = max};
	TAILQ_INIT(&slots->line);
}

bool slots_take(struct slots *slots, struct slot *slot)
{
	if (slots->max == 0 || slot->state == SLOT_HELD)
		return true;
	if (slot->state == SLOT_WAITS)
		return false;
	if (slots->held < slots->max) {
		slots->held++;
		slot->state = SLOT_HELD;
		return true;
	}
	slot->state = SLOT_WAITS;
	TAILQ_INSERT_TAIL(&slots->line, slot, link);
	return false;
}

static void leave_line(struct slots *slots, struct slot *slot, int state)
{
	TAILQ_REMOVE(&slots->line, slot, link);
	slot->state = state;
}

void slots_give(struct slots *slots, struct slot *slot)
{
	struct slot *first = TAILQ_FIRST(&slots->line);

	if (slot->state == SLOT_WAITS)
		leave_line(slots, slot, SLOT_NONE);
	if (slot->state != SLOT_HELD)
		return;
	slot->state = SLOT_NONE;
	if (!first) {
		slots->held--;
		return;
	}
	leave_line(slots, first, SLOT_HELD);
	first->granted(first->owner);
}
