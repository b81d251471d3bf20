"""Ray's side of the rows in this folder: one row of `ray microbenchmark` after the other, one round at a time.

Reads requests from the standard input and answers on the standard output, a line of JSON each:

    {"open": "single client tasks sync", "processors": 2, "calls": 1000, "puts": 10}  ->  {"ray": "2.60.0"}
    {"round": 0.3}                                                        ->  {"rate": 1234.5}

A round runs the open row's work again and again for so many seconds, counts as Ray's own `timeit` does, and answers in
operations (or gigabytes, which are 1,000 MiB as Ray counts them) per second. Ray is started for the first row and goes on for
the others, as in `ray microbenchmark`. At the end of the input Ray is shut down, and its files are removed. What goes wrong is
answered as {"error": "..."}.

The work of each row is that of `ray/_private/ray_perf.py`. `calls` is how many calls each caller makes in the rows
whose batches take Ray seconds (5,000 and 10,000 there), `puts` how many arrays each client puts (10 there).
"""

import json
import os
import shutil
import sys
import tempfile
import time

# Answers have the standard output for themselves; what Ray prints goes to the standard error.
answers = os.fdopen(os.dup(1), "w", buffering=1)
os.dup2(2, 1)
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
# Ray's workers yield to everybody else's processes; so they would bear the machine's disturbances alone.
os.environ.setdefault("RAY_worker_niceness", "0")

import numpy as np  # noqa: E402
import ray  # noqa: E402

BATCH = 1000
CALLERS = 4
WORDS_LARGE = 100 * 1024 * 1024
WORDS_MEDIUM = 10 * 1024 * 1024


@ray.remote
def small_value():
    return b"ok"


@ray.remote
def put_small():
    for _ in range(100):
        ray.put(0)


@ray.remote
def put_medium(puts):
    for _ in range(puts):
        ray.put(np.zeros(WORDS_MEDIUM, dtype=np.int64))


@ray.remote
def make_refs():
    return [ray.put(1) for _ in range(10000)]


@ray.remote
def call_actors(actors, calls):
    ray.get([actors[i % len(actors)].small_value.remote() for i in range(calls)])


@ray.remote(num_cpus=0)
class Actor:
    def small_value(self):
        return b"ok"

    def small_value_arg(self, _):
        return b"ok"

    def small_value_batch(self, calls):
        ray.get([small_value.remote() for _ in range(calls)])


@ray.remote
class AsyncActor:
    async def small_value(self):
        return b"ok"

    async def small_value_with_arg(self, _):
        return b"ok"


@ray.remote(num_cpus=0)
class Client:
    def __init__(self, servers):
        self.servers = servers if isinstance(servers, list) else [servers]

    def small_value_batch(self, calls):
        ray.get([server.small_value.remote() for server in self.servers for _ in range(calls)])

    def small_value_batch_arg(self, calls):
        x = ray.put(0)
        ray.get([server.small_value_arg.remote(x) for server in self.servers for _ in range(calls)])


def get_calls(**_):
    value = ray.put(0)
    return lambda: ray.get(value), 1


def put_calls(**_):
    return lambda: ray.put(0), 1


def multi_put_calls(**_):
    return lambda: ray.get([put_small.remote() for _ in range(10)]), 1000


def put_gigabytes(**_):
    array = np.zeros(WORDS_LARGE, dtype=np.int64)
    return lambda: ray.put(array), 8 * 0.1


def multi_put_gigabytes(puts, **_):
    return lambda: ray.get([put_medium.remote(puts) for _ in range(10)]), 10 * puts * 8 * 0.01


def tasks_and_get_batch(**_):
    return lambda: ray.get([small_value.remote() for _ in range(BATCH)]), 1


def get_object_with_refs(**_):
    holder = make_refs.remote()
    return lambda: ray.get(holder), 1


def wait_refs(**_):
    def wait():
        not_ready = [small_value.remote() for _ in range(BATCH)]
        for index in range(BATCH):
            _ready, not_ready = ray.wait(not_ready, fetch_local=index == 0)

    return wait, 1


def tasks_sync(**_):
    return lambda: ray.get(small_value.remote()), 1


def tasks_async(**_):
    return lambda: ray.get([small_value.remote() for _ in range(BATCH)]), BATCH


def multi_tasks_async(calls, **_):
    actors = [Actor.remote() for _ in range(CALLERS)]
    return lambda: ray.get([a.small_value_batch.remote(calls) for a in actors]), calls * CALLERS


def calls_sync(kind, **options):
    def open_row(**_):
        actor = kind.options(**options).remote()
        return lambda: ray.get(actor.small_value.remote()), 1

    return open_row


def calls_async(kind, **options):
    def open_row(**_):
        actor = kind.options(**options).remote()
        return lambda: ray.get([actor.small_value.remote() for _ in range(BATCH)]), BATCH

    return open_row


def calls_with_args(**_):
    actor = AsyncActor.remote()
    return lambda: ray.get([actor.small_value_with_arg.remote(i) for i in range(BATCH)]), BATCH


def one_to_many(kind):
    def open_row(calls, servers, **_):
        actors = [kind.remote() for _ in range(servers)]
        client = Client.remote(actors)
        return lambda: ray.get(client.small_value_batch.remote(calls)), calls * servers

    return open_row


def many_to_many(kind):
    def open_row(calls, servers, **_):
        actors = [kind.remote() for _ in range(servers)]
        return lambda: ray.get([call_actors.remote(actors, calls) for _ in range(CALLERS)]), calls * CALLERS

    return open_row


def many_to_many_with_arg(servers, **_):
    clients = [Client.remote(Actor.remote()) for _ in range(servers)]
    return lambda: ray.get([c.small_value_batch_arg.remote(BATCH) for c in clients]), BATCH * servers


def placement_groups(**_):
    def make_and_remove():
        groups = [ray.util.placement_group(bundles=[{"custom": 0.001}]) for _ in range(100)]
        for group in groups:
            group.wait(timeout_seconds=30)
        for group in groups:
            ray.util.remove_placement_group(group)

    return make_and_remove, 100


ROWS = {
    "single client get calls (Plasma Store)": get_calls,
    "single client put calls (Plasma Store)": put_calls,
    "multi client put calls (Plasma Store)": multi_put_calls,
    "single client put gigabytes": put_gigabytes,
    "single client tasks and get batch": tasks_and_get_batch,
    "multi client put gigabytes": multi_put_gigabytes,
    "single client get object containing 10k refs": get_object_with_refs,
    "single client wait 1k refs": wait_refs,
    "single client tasks sync": tasks_sync,
    "single client tasks async": tasks_async,
    "multi client tasks async": multi_tasks_async,
    "1:1 actor calls sync": calls_sync(Actor),
    "1:1 actor calls async": calls_async(Actor),
    "1:1 actor calls concurrent": calls_async(Actor, max_concurrency=16),
    "1:n actor calls async": one_to_many(Actor),
    "n:n actor calls async": many_to_many(Actor),
    "n:n actor calls with arg async": many_to_many_with_arg,
    "1:1 async-actor calls sync": calls_sync(AsyncActor),
    "1:1 async-actor calls async": calls_async(AsyncActor),
    "1:1 async-actor calls with args async": calls_with_args,
    "1:n async-actor calls async": one_to_many(AsyncActor),
    "n:n async-actor calls async": many_to_many(AsyncActor),
    "placement group create/removal": placement_groups,
}


class Row:
    """A row that is open."""

    def __init__(self, folder, name, processors, calls, puts):
        if not ray.is_initialized():
            ray.init(
                num_cpus=processors,
                # For the placement groups; nothing else asks for it.
                resources={"custom": 100},
                include_dashboard=False,
                log_to_driver=False,
                logging_level="error",
                _temp_dir=folder,
            )
        self.work, self.multiplier = ROWS[name](calls=calls, puts=puts, servers=max(1, processors // 2))
        # As many calls between two looks at the clock as make a tenth of a round, as `timeit` has it.
        self.step = 1

    def round(self, seconds):
        start = time.perf_counter()
        count = 0
        while time.perf_counter() - start < seconds:
            for _ in range(self.step):
                self.work()
            count += self.step
        elapsed = time.perf_counter() - start
        self.step = count // 10 + 1
        return self.multiplier * count / elapsed


def answer(message):
    answers.write(json.dumps(message) + "\n")


def serve(folder):
    row = None
    for line in sys.stdin:
        request = json.loads(line)
        if "open" in request:
            # First its actors and objects go, which live for as long as they are held.
            row = None
            row = Row(folder, request["open"], request["processors"], request["calls"], request["puts"])
            answer({"ray": ray.__version__})
        else:
            answer({"rate": row.round(request["round"])})


def remove(folder):
    """Ray's processes write until they are gone."""
    deadline = time.monotonic() + 10
    while os.path.exists(folder) and time.monotonic() < deadline:
        shutil.rmtree(folder, ignore_errors=True)
        time.sleep(0.05)


def main():
    folder = tempfile.mkdtemp(prefix="plasmoid-ray-")
    try:
        serve(folder)
    except Exception as error:
        answer({"error": f"{type(error).__name__}: {error}"})
    finally:
        ray.shutdown()
        remove(folder)


main()
