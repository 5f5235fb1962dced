#ifndef KITH_BASE_TEAM_H
#define KITH_BASE_TEAM_H

/* How many threads pay off for steps that are alike. More are faster where
 * each has a processor for itself; where other work keeps a processor busy,
 * all wait for the thread that is not running, and one thread may be ten times
 * as fast as two. So the number is tried out while the steps run: half and
 * twice the threads now and then, the rarer the longer nothing is gained. */

typedef struct {
  int limit;            /* threads at most */
  int n_threads;        /* of the steps between trials */
  int trial;            /* threads on trial, or 0 */
  int upwards;          /* is the next trial one of more threads? */
  int pause;            /* steps from a trial to the next */
  int left;             /* steps until the pause or the trial is over */
  double seconds;       /* of a step on n_threads, running mean */
  double trial_seconds; /* of the trial's measured steps together */
} team;

/* One thread, to begin with. */
void team_start(team *t, int limit);

/* Starts anew where the limit is another one. */
void team_limit(team *t, int limit);

/* Threads for the next step. */
int team_size(const team *t);

/* What that step took. */
void team_tell(team *t, double seconds);

#endif
