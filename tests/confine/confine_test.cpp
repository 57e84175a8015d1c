// I7, from inside a worker: what confine() leaves of it cannot open, connect, start, trace, kill or unseal.
// Runs in: confine_worker (test, as root).
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>

#include "gateway/wire/channel.h"
#include "gateway/worker/confine.h"
#include "gateway/worker/lifetime.h"
#include "tests/catch.h"

#if defined(__SANITIZE_ADDRESS__)
#error "the filter of a sanitizers' build is not the one that a site runs"
#endif

using namespace sallyport;

namespace {

constexpr int kRefused = 10, kSucceeded = 11, kNotConfined = 12;

// What a confined child has at hand besides the channel.
struct Belongings {
  int recording = -1;  // append-only, as the monitor gives it
  int socket = -1;     // one end of a stream pair
};

struct EmptyRoot {
  EmptyRoot() : path(std::filesystem::temp_directory_path() / "sallyport-confine-XXXXXX") {
    REQUIRE(mkdtemp(path.data()) != nullptr);
  }
  ~EmptyRoot() { rmdir(path.c_str()); }
  std::string path;
};

struct File {
  File() : path("/tmp/sallyport-recording-XXXXXX"), fd(mkostemp(path.data(), O_APPEND | O_CLOEXEC)) {
    REQUIRE(fd >= 0);
  }
  ~File() {
    close(fd);
    unlink(path.c_str());
  }
  std::string text() const {
    std::ifstream in{path};
    return {std::istreambuf_iterator<char>{in}, {}};
  }
  std::string path;
  int fd;
};

// True from `act` means that it succeeded. Everything it uses is made before: a confined child has little
// left.
using Act = std::function<bool(const Belongings&)>;

// The wait status of a child that confines itself and then tries `act`.
int try_confined(const Act& act, Belongings belongings = {}, std::function<void(pid_t)> meanwhile = {},
                 WorkerKind kind = WorkerKind::ssh) {
  const EmptyRoot root;
  const auto confinement = Confinement::for_user("nobody", root.path);
  REQUIRE(confinement);
  auto ends = Channel::make_pair();
  REQUIRE(ends);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    const auto confined = confine(*confinement, ends->second.fd(), kind);
    if (!confined) _exit(kNotConfined);
    _exit(act(belongings) ? kSucceeded : kRefused);
  }
  if (meanwhile) meanwhile(child);
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  return status;
}

bool was_refused(int status) {
  if (WIFSIGNALED(status)) return WTERMSIG(status) == SIGSYS;
  return WIFEXITED(status) && WEXITSTATUS(status) == kRefused;
}

bool succeeded(int status) { return WIFEXITED(status) && WEXITSTATUS(status) == kSucceeded; }

// Straight to the kernel: a wrapper in libc might refuse first.
template <class... Arguments>
bool call(long number, Arguments... arguments) {
  return syscall(number, arguments...) >= 0;
}

}  // namespace

TEST_CASE("I7: a confined worker writes, reads and polls what is already open") {
  File file;
  int pair[2];
  REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
  REQUIRE(write(pair[1], "x", 1) == 1);
  const auto status = try_confined(
      [](const Belongings& has) {
        char byte = 0;
        return read(has.socket, &byte, 1) == 1 && write(has.recording, "kept", 4) == 4 &&
               make_nonblocking(has.socket).has_value();
      },
      {file.fd, pair[0]});
  CHECK(succeeded(status));
  CHECK(file.text() == "kept");
  close(pair[0]);
  close(pair[1]);
}

TEST_CASE("I7: a confined worker says the end of what it sends, and does nothing else to a connection") {
  int pair[2];
  REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
  CHECK(was_refused(try_confined(
      [](const Belongings& has) { return call(SYS_shutdown, has.socket, SHUT_RD); }, {-1, pair[0]})));
  CHECK(was_refused(try_confined(
      [](const Belongings& has) { return call(SYS_shutdown, has.socket, SHUT_RDWR); }, {-1, pair[0]})));
  const auto status =
      try_confined([](const Belongings& has) { return shutdown(has.socket, SHUT_WR) == 0; }, {-1, pair[0]});
  CHECK(succeeded(status));
  char byte = 0;
  CHECK(read(pair[1], &byte, 1) == 0);
  close(pair[0]);
  close(pair[1]);
}

TEST_CASE("I7: a confined worker that works without end is ended") {
  const auto status = try_confined([](const Belongings&) {
    limit_work(std::chrono::seconds{1});
    for (volatile bool forever = true; forever;) continue;
    return true;
  });
  CHECK((WIFEXITED(status) && WEXITSTATUS(status) == kOverworked));
  CHECK(was_refused(try_confined([](const Belongings&) {
    const itimerval once{{0, 0}, {1, 0}};
    return call(SYS_setitimer, ITIMER_REAL, &once, nullptr);
  })));
}

TEST_CASE("I7: a confined worker opens no file") {
  CHECK(was_refused(try_confined([](const Belongings&) { return call(SYS_open, "/", O_RDONLY); })));
  CHECK(was_refused(
      try_confined([](const Belongings&) { return call(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY); })));
  CHECK(was_refused(try_confined(
      [](const Belongings&) { return call(SYS_openat, AT_FDCWD, "new", O_CREAT | O_WRONLY, 0600); })));
  CHECK(was_refused(try_confined([](const Belongings&) { return call(SYS_mkdir, "new", 0700); })));
}

TEST_CASE("I7: a confined worker makes and connects no socket") {
  CHECK(
      was_refused(try_confined([](const Belongings&) { return call(SYS_socket, AF_INET, SOCK_STREAM, 0); })));
  CHECK(
      was_refused(try_confined([](const Belongings&) { return call(SYS_socket, AF_UNIX, SOCK_STREAM, 0); })));
  CHECK(was_refused(try_confined([](const Belongings&) {
    int two[2];
    return call(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, two);
  })));
  const int unconnected = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un nowhere{};
  nowhere.sun_family = AF_UNIX;
  CHECK(was_refused(try_confined(
      [&](const Belongings& has) { return call(SYS_connect, has.socket, &nowhere, sizeof nowhere); },
      {-1, unconnected})));
  CHECK(was_refused(try_confined(
      [&](const Belongings& has) { return call(SYS_bind, has.socket, &nowhere, sizeof(sa_family_t)); },
      {-1, unconnected})));
  close(unconnected);
}

TEST_CASE("I7: a confined worker starts no program and no process") {
  CHECK(was_refused(try_confined([](const Belongings&) { return call(SYS_fork); })));
  CHECK(was_refused(try_confined([](const Belongings&) { return call(SYS_vfork); })));
  CHECK(was_refused(try_confined([](const Belongings&) { return call(SYS_clone, SIGCHLD, 0, 0, 0, 0); })));
  CHECK(was_refused(try_confined([](const Belongings&) {
    char* const none[] = {nullptr};
    return call(SYS_execve, "/bin/sh", none, none);
  })));
}

TEST_CASE("I7: a confined worker neither sees nor signals another process") {
  const pid_t other = getpid();
  CHECK(was_refused(try_confined([=](const Belongings&) { return call(SYS_kill, other, 0); })));
  CHECK(
      was_refused(try_confined([=](const Belongings&) { return call(SYS_tgkill, other, other, SIGTERM); })));
  CHECK(was_refused(
      try_confined([=](const Belongings&) { return call(SYS_ptrace, PTRACE_ATTACH, other, 0, 0); })));
  CHECK(was_refused(try_confined([=](const Belongings&) { return call(SYS_pidfd_open, other, 0); })));
  CHECK(was_refused(try_confined([=](const Belongings&) {
    char byte = 0;
    const iovec here{&byte, 1}, there{&byte, 1};
    return call(SYS_process_vm_readv, other, &here, 1, &there, 1, 0);
  })));
}

TEST_CASE("I7: a recording stays append-only in a worker's hands") {
  File file;
  REQUIRE(write(file.fd, "first", 5) == 5);
  const auto check = [&](const Act& act) {
    CHECK(was_refused(try_confined(act, {file.fd, -1})));
    CHECK((fcntl(file.fd, F_GETFL) & O_APPEND) != 0);
    CHECK(file.text() == "first");
  };
  check([](const Belongings& has) { return call(SYS_ftruncate, has.recording, 0); });
  check([](const Belongings& has) { return call(SYS_pwrite64, has.recording, "x", 1, 0); });
  check([](const Belongings& has) { return call(SYS_fcntl, has.recording, F_SETFL, O_RDWR); });
  check([](const Belongings& has) { return call(SYS_fallocate, has.recording, 0, 0, 4096); });
  check([](const Belongings& has) {
    return call(SYS_mmap, 0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, has.recording, 0);
  });

  // libssh makes this call; it is answered with success and not made.
  for (const int flags : {0, O_NONBLOCK}) {
    CHECK(succeeded(
        try_confined([=](const Belongings& has) { return call(SYS_fcntl, has.recording, F_SETFL, flags); },
                     {file.fd, -1})));
    CHECK((fcntl(file.fd, F_GETFL) & O_APPEND) != 0);
  }
}

TEST_CASE("I7: a confined worker makes no memory executable") {
  CHECK(was_refused(try_confined([](const Belongings&) {
    return call(SYS_mmap, 0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  })));
  void* const page = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(was_refused(try_confined(
      [=](const Belongings&) { return call(SYS_mprotect, page, 4096, PROT_READ | PROT_EXEC); })));
  munmap(page, 4096);
}

TEST_CASE("I7: a confined worker cannot loosen its confinement") {
  CHECK(was_refused(try_confined([](const Belongings&) { return call(SYS_setresuid, 0, 0, 0); })));
  CHECK(was_refused(
      try_confined([](const Belongings&) { return call(SYS_prctl, PR_SET_DUMPABLE, 1, 0, 0, 0); })));
  CHECK(was_refused(try_confined([](const Belongings&) { return call(SYS_unshare, 0x10000000); })));
  CHECK(was_refused(try_confined([](const Belongings&) { return call(SYS_chroot, "."); })));
}

TEST_CASE("I7: the kernel's view of a confined worker") {
  int wait[2];
  REQUIRE(pipe(wait) == 0);
  std::string view;
  const auto status = try_confined(
      [&](const Belongings&) {
        char byte = 0;
        close(wait[1]);
        return read(wait[0], &byte, 1) == 0;
      },
      {},
      [&](pid_t child) {
        for (int i = 0; i < 500 && view.find("Seccomp:\t2") == std::string::npos; ++i) {
          usleep(10000);
          std::ifstream in{"/proc/" + std::to_string(child) + "/status"};
          view.assign(std::istreambuf_iterator<char>{in}, {});
        }
        close(wait[1]);
      });
  close(wait[0]);
  CHECK(succeeded(status));
  for (const char* const line :
       {"CapEff:\t0000000000000000", "CapPrm:\t0000000000000000", "CapInh:\t0000000000000000",
        "CapBnd:\t0000000000000000", "CapAmb:\t0000000000000000", "NoNewPrivs:\t1", "Seccomp:\t2",
        "Groups:\t \n"})
    CHECK(view.find(line) != std::string::npos);
  CHECK(view.find("Uid:\t0") == std::string::npos);
}

TEST_CASE("a worker whose monitor is gone does not start") {
  const EmptyRoot root;
  const auto confinement = Confinement::for_user("nobody", root.path);
  REQUIRE(confinement);
  const pid_t child = fork();
  if (child == 0) {
    int channel = -1;
    {
      auto ends = Channel::make_pair();
      channel = std::move(ends->second).take().release();
    }
    _exit(confine(*confinement, channel) ? kSucceeded : kRefused);
  }
  int status = 0;
  waitpid(child, &status, 0);
  CHECK(was_refused(status));
}

TEST_CASE("a worker dies with its monitor within a second") {
  int life[2];
  REQUIRE(pipe(life) == 0);
  const EmptyRoot left_behind;  // what a killed process cannot take away
  const pid_t monitor = fork();
  if (monitor == 0) {
    setenv("TMPDIR", left_behind.path.c_str(), 1);
    close(life[0]);
    try_confined([](const Belongings&) { return poll(nullptr, 0, 60000) == 0; });
    _exit(0);
  }
  close(life[1]);
  usleep(300000);
  kill(monitor, SIGKILL);
  waitpid(monitor, nullptr, 0);
  pollfd end{life[0], POLLIN, 0};  // the worker held the last copy of the other end
  CHECK(poll(&end, 1, 1000) == 1);
  close(life[0]);
  std::filesystem::remove_all(left_behind.path);
}

TEST_CASE("the superuser is no user for a worker") {
  CHECK_FALSE(Confinement::for_user("root", "/"));
  CHECK_FALSE(Confinement::for_user("no-such-user-here", "/"));
}

TEST_CASE("I7: a worker of the HTTPS door also waits on the epoll instance that it has, and can do no more") {
  const int epoll = epoll_create1(EPOLL_CLOEXEC), timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
  int pair[2];
  REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
  const auto as_https = [&](const Act& act) {
    return try_confined(act, {-1, pair[0]}, {}, WorkerKind::https);
  };
  const Act wait = [&](const Belongings& has) {
    epoll_event event{EPOLLOUT, {}};
    const itimerspec soon{{0, 0}, {0, 1}};
    int on = 1;
    return epoll_ctl(epoll, EPOLL_CTL_ADD, has.socket, &event) == 0 && epoll_wait(epoll, &event, 1, 0) == 1 &&
           timerfd_settime(timer, 0, &soon, nullptr) == 0 && ioctl(has.socket, FIONBIO, &on) == 0;
  };
  CHECK(succeeded(as_https(wait)));
  CHECK(was_refused(try_confined(wait, {-1, pair[0]})));
  CHECK(was_refused(as_https([](const Belongings&) { return call(SYS_epoll_create1, 0); })));
  CHECK(
      was_refused(as_https([](const Belongings&) { return call(SYS_timerfd_create, CLOCK_MONOTONIC, 0); })));
  CHECK(was_refused(as_https([](const Belongings&) { return call(SYS_socket, AF_INET, SOCK_STREAM, 0); })));
  CHECK(was_refused(as_https([](const Belongings& has) { return call(SYS_accept4, has.socket, 0, 0, 0); })));
  CHECK(was_refused(as_https([](const Belongings& has) {
    int waiting = 0;
    return call(SYS_ioctl, has.socket, FIONREAD, &waiting);
  })));
  CHECK(was_refused(as_https([](const Belongings&) { return call(SYS_mkdir, "/x", 0700); })));
  CHECK(was_refused(as_https([](const Belongings&) { return call(SYS_kill, 1, 0); })));
  for (const int fd : {epoll, timer, pair[0], pair[1]}) close(fd);
}
