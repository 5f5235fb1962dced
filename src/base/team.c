#include "base/team.h"

#include <string.h>

/* The first step of a trial wakes threads up and is not counted. */
#define TRIAL_STEPS 3
#define SHORTEST_PAUSE 2
#define LONGEST_PAUSE 256
/* A change must save this share of the time. */
#define LEAST_GAIN 0.05

void team_start(team *t, int limit) {
  memset(t, 0, sizeof *t);
  t->limit = limit;
  t->n_threads = 1;
  t->upwards = 1;
  t->pause = t->left = SHORTEST_PAUSE;
}

void team_limit(team *t, int limit) {
  if (limit != t->limit) team_start(t, limit);
}

int team_size(const team *t) {
  return t->trial > 0 ? t->trial : t->n_threads;
}

/* Half or twice the threads; n_threads where there are no such. */
static int next_size(const team *t) {
  if (!t->upwards) return t->n_threads > 1 ? t->n_threads / 2 : 1;
  return 2 * t->n_threads < t->limit ? 2 * t->n_threads : t->limit;
}

static void begin_trial(team *t) {
  if (next_size(t) == t->n_threads) t->upwards = !t->upwards;
  t->trial = next_size(t);
  t->left = TRIAL_STEPS;
  t->trial_seconds = 0;
}

static void end_trial(team *t, int pause) {
  t->trial = 0;
  t->pause = pause < LONGEST_PAUSE ? pause : LONGEST_PAUSE;
  t->left = t->pause;
}

static void tell_trial(team *t, double seconds) {
  if (seconds > 2 * t->seconds) { /* no need to see more of it */
    t->upwards = !t->upwards;
    end_trial(t, 4 * t->pause);
    return;
  }
  if (t->left < TRIAL_STEPS) t->trial_seconds += seconds;
  if (--t->left > 0) return;
  double mean = t->trial_seconds / (TRIAL_STEPS - 1);
  if (mean < (1 - LEAST_GAIN) * t->seconds) {
    t->n_threads = t->trial;
    t->seconds = mean;
    end_trial(t, SHORTEST_PAUSE);
  } else {
    t->upwards = !t->upwards;
    end_trial(t, 2 * t->pause);
  }
}

void team_tell(team *t, double seconds) {
  if (t->limit == 1) return;
  if (t->trial > 0) {
    tell_trial(t, seconds);
    return;
  }
  t->seconds = t->seconds > 0 ? 0.75 * t->seconds + 0.25 * seconds : seconds;
  if (--t->left <= 0) begin_trial(t);
}
