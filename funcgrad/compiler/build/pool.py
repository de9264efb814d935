"""Threads that run parts of large loop nests: a pool in native code, made at first use.

A nest is cut into chunks by its size alone, so results do not depend on the number of
threads. Whoever calls takes chunks too, and waits only for workers that have taken one.
"""

from __future__ import annotations

import atexit
import ctypes
import functools
import os
from collections.abc import Mapping

from funcgrad.compiler.build.executable import add_symbol, compile_kernel
from funcgrad.compiler.build.host import cores
from funcgrad.config import config, watch

SYMBOL = "fg_pool_run"
# Words of the pool's state, before its lock at 256 and its condition at 384 bytes.
_THREADS, _STARTED, _GENERATION, _BUSY = 0, 1, 2, 3
_CLOSED = 1 << 32
_STATE_BYTES = 512
# Looks at the state before a worker goes to sleep, some 20 microseconds.
_SPINS = 10_000


def _word(name: str, index: int) -> str:
    return f"  %{name} = getelementptr i64, ptr @state, i64 {index}\n"


_WORDS = "".join(
    _word(name, k)
    for k, name in enumerate(
        ("threads", "started", "generation", "busy", "function", "frame")
        + ("total", "grain", "next", "inside")
    )
) + (
    "  %lock = getelementptr i8, ptr @state, i64 256\n"
    "  %wake = getelementptr i8, ptr @state, i64 384\n"
)
_WORDS = _WORDS.replace("@state", "%state")
_TAKE_CHUNKS = f"""
define internal void @take_chunks(ptr %state, i64 %worker) {{
{_WORDS}  %f = load ptr, ptr %function
  %x = load ptr, ptr %frame
  %n = load i64, ptr %total
  %g = load i64, ptr %grain
  br label %again
again:
  %first = atomicrmw add ptr %next, i64 %g seq_cst
  %more = icmp slt i64 %first, %n
  br i1 %more, label %run, label %done
run:
  %ahead = add i64 %first, %g
  %short = icmp slt i64 %ahead, %n
  %last = select i1 %short, i64 %ahead, i64 %n
  call void %f(ptr %x, i64 %first, i64 %last, i64 %worker)
  br label %again
done:
  ret void
}}
"""
_WORKER = f"""
define internal ptr @worker(ptr %given) {{
entry:
  %state.at = getelementptr i64, ptr %given, i64 0
  %state = load ptr, ptr %state.at
  %number.at = getelementptr i64, ptr %given, i64 1
  %number = load i64, ptr %number.at
  %seen.at = getelementptr i64, ptr %given, i64 2
  %seen.first = load i64, ptr %seen.at
  call void @free(ptr %given)
{_WORDS}  br label %rest
rest:
  %seen = phi i64 [ %seen.first, %entry ], [ %new, %join ], [ %new, %out ]
  br label %spin
spin:
  %count = phi i64 [ 0, %rest ], [ %count.next, %spin.on ]
  %now = load atomic i64, ptr %generation seq_cst, align 8
  %changed = icmp ne i64 %now, %seen
  br i1 %changed, label %awake, label %spin.on
spin.on:
  %count.next = add i64 %count, 1
  %tired = icmp eq i64 %count.next, {_SPINS}
  br i1 %tired, label %sleep, label %spin
sleep:
  %locked = call i32 @pthread_mutex_lock(ptr %lock)
  br label %look
look:
  %then = load atomic i64, ptr %generation seq_cst, align 8
  %woken = icmp ne i64 %then, %seen
  br i1 %woken, label %unlock, label %wait
wait:
  %waited = call i32 @pthread_cond_wait(ptr %wake, ptr %lock)
  br label %look
unlock:
  %unlocked = call i32 @pthread_mutex_unlock(ptr %lock)
  br label %awake
awake:
  %new = load atomic i64, ptr %generation seq_cst, align 8
  %wanted = load atomic i64, ptr %threads seq_cst, align 8
  %stopped = icmp eq i64 %wanted, 0
  br i1 %stopped, label %end, label %join
join:
  %of = load atomic i64, ptr %inside seq_cst, align 8
  %closed = icmp uge i64 %of, {_CLOSED}
  %idle = icmp uge i64 %number, %wanted
  %no = or i1 %closed, %idle
  br i1 %no, label %rest, label %enter
enter:
  %with = add i64 %of, 1
  %swap = cmpxchg ptr %inside, i64 %of, i64 %with seq_cst seq_cst
  %entered = extractvalue {{ i64, i1 }} %swap, 1
  br i1 %entered, label %work, label %join
work:
  call void @take_chunks(ptr %state, i64 %number)
  br label %out
out:
  %left = atomicrmw sub ptr %inside, i64 1 seq_cst
  br label %rest
end:
  ret ptr null
}}
"""
_RUN = f"""
define void @FG_KERNEL(ptr %f, ptr %x, i64 %n, i64 %g) {{
entry:
  %state = load ptr, ptr @fg_pool_state
{_WORDS}  %wanted = load atomic i64, ptr %threads seq_cst, align 8
  %several = icmp sgt i64 %wanted, 1
  %chunks = icmp sgt i64 %n, %g
  %both = and i1 %several, %chunks
  br i1 %both, label %claim, label %alone
claim:
  %swap = cmpxchg ptr %busy, i64 0, i64 1 seq_cst seq_cst
  %mine = extractvalue {{ i64, i1 }} %swap, 1
  br i1 %mine, label %start, label %alone
alone:
  call void %f(ptr %x, i64 0, i64 %n, i64 0)
  ret void
start:
  %have = load i64, ptr %started
  %next.one = add i64 %have, 1
  %enough = icmp sge i64 %next.one, %wanted
  br i1 %enough, label %open, label %create
create:
  %given = call ptr @malloc(i64 24)
  store ptr %state, ptr %given
  %number.at = getelementptr i64, ptr %given, i64 1
  store i64 %next.one, ptr %number.at
  %seen.at = getelementptr i64, ptr %given, i64 2
  %generation.now = load i64, ptr %generation
  store i64 %generation.now, ptr %seen.at
  %slot = getelementptr i8, ptr %state, i64 128
  %failed = call i32 @pthread_create(ptr %slot, ptr null, ptr @worker, ptr %given)
  %created = icmp eq i32 %failed, 0
  br i1 %created, label %count, label %give.up
give.up:
  call void @free(ptr %given)
  store atomic i64 %next.one, ptr %threads seq_cst, align 8
  br label %open
count:
  %handle = load i64, ptr %slot
  %detached = call i32 @pthread_detach(i64 %handle)
  store i64 %next.one, ptr %started
  br label %start
open:
  store ptr %f, ptr %function
  store ptr %x, ptr %frame
  store i64 %n, ptr %total
  store i64 %g, ptr %grain
  store i64 0, ptr %next
  store atomic i64 0, ptr %inside seq_cst, align 8
  %locked = call i32 @pthread_mutex_lock(ptr %lock)
  %turn = atomicrmw add ptr %generation, i64 1 seq_cst
  %signalled = call i32 @pthread_cond_broadcast(ptr %wake)
  %unlocked = call i32 @pthread_mutex_unlock(ptr %lock)
  call void @take_chunks(ptr %state, i64 0)
  %close = atomicrmw or ptr %inside, i64 {_CLOSED} seq_cst
  br label %wait
wait:
  %tries = phi i64 [ 0, %open ], [ %tries.next, %wait.on ]
  %of = load atomic i64, ptr %inside seq_cst, align 8
  %empty = icmp eq i64 %of, {_CLOSED}
  br i1 %empty, label %done, label %wait.more
wait.more:
  %tries.next = add i64 %tries, 1
  %long = icmp ugt i64 %tries.next, {_SPINS}
  br i1 %long, label %yield, label %wait.on
yield:
  %yielded = call i32 @sched_yield()
  br label %wait.on
wait.on:
  br label %wait
done:
  store atomic i64 0, ptr %busy seq_cst, align 8
  ret void
}}
"""
_DECLARATIONS = """
@fg_pool_state = external global ptr
declare i32 @pthread_create(ptr, ptr, ptr, ptr)
declare i32 @pthread_detach(i64)
declare i32 @pthread_mutex_lock(ptr)
declare i32 @pthread_mutex_unlock(ptr)
declare i32 @pthread_cond_wait(ptr, ptr)
declare i32 @pthread_cond_broadcast(ptr)
declare i32 @sched_yield()
declare ptr @malloc(i64)
declare void @free(ptr)
"""

_state = (ctypes.c_char * (_STATE_BYTES + 64))()
_base = (ctypes.addressof(_state) + 63) // 64 * 64
_words = (ctypes.c_int64 * (_STATE_BYTES // 8)).from_address(_base)
_pointer = ctypes.c_void_p(_base)


def available() -> int:
    """The most threads a nest may use: the cores that this process may run on.

    ``NUMBA_NUM_THREADS`` and ``OMP_NUM_THREADS`` lower it.
    """
    return _limit(os.environ, cores())


def _limit(environment: Mapping[str, str], cores: int) -> int:
    for name in ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS"):
        text = environment.get(name, "")
        if text.isdigit() and int(text) > 0:
            cores = min(cores, int(text))
    return max(1, min(cores, 256))


@functools.cache
def workers() -> int:
    """Threads that code made in this process reckons with; starts none."""
    return max(available(), int(config.threads))


@functools.cache
def prepare() -> None:
    """Make `SYMBOL` known to the code that is compiled from now on."""
    _reset()
    add_symbol("fg_pool_state", ctypes.addressof(_pointer))
    text = _TAKE_CHUNKS + _WORKER + _RUN + _DECLARATIONS
    add_symbol(SYMBOL, compile_kernel(text, label="thread pool"))
    os.register_at_fork(after_in_child=_reset)
    atexit.register(_stop)
    watch("threads", _set_threads)


def _reset() -> None:
    """The state before any thread was started; also that of a child process."""
    libc = ctypes.CDLL(None)
    ctypes.memset(_base, 0, _STATE_BYTES)
    libc.pthread_mutex_init(ctypes.c_void_p(_base + 256), None)
    libc.pthread_cond_init(ctypes.c_void_p(_base + 384), None)
    _set_threads(config.threads)


def _set_threads(count: object) -> None:
    wanted = int(count) if isinstance(count, int) else 0
    _words[_THREADS] = min(wanted, workers()) if wanted else available()


def _stop() -> None:
    """Let the workers end: their code goes with the interpreter."""
    libc = ctypes.CDLL(None)
    lock, wake = ctypes.c_void_p(_base + 256), ctypes.c_void_p(_base + 384)
    libc.pthread_mutex_lock(lock)
    _words[_THREADS] = 0
    _words[_GENERATION] += 1
    libc.pthread_cond_broadcast(wake)
    libc.pthread_mutex_unlock(lock)
