#!/bin/sh
# The pure rooms make no system call: none of their objects may need a function that would.
# Usage: pure_rooms.sh LIBRARY.a…; names each such symbol with its object, and fails if there is one.
set -eu

# Files, directories, mounts; processes and namespaces; sockets; time and users; the C++ library's ways to all of them.
files='open|openat|openat2|creat|close|read|pread|readv|write|pwrite|writev|lseek|dup|dup2|dup3|pipe|pipe2|fcntl|ioctl|ftruncate|truncate|fsync|sendfile|copy_file_range|mmap|memfd_create'
names='stat|fstat|lstat|fstatat|statx|statfs|fstatfs|access|faccessat|readlink|readlinkat|mkdir|mkdirat|rmdir|mknod|mknodat|mkfifo|mkstemp|unlink|unlinkat|rename|renameat|renameat2|link|linkat|symlink|symlinkat|chmod|fchmod|fchmodat|chown|fchown|lchown|fchownat|chdir|fchdir|chroot|getcwd|realpath|umask|opendir|fdopendir|readdir|nftw|glob'
mounts='mount|umount|umount2|pivot_root|open_tree|move_mount|mount_setattr|fsopen|fsconfig|fsmount|fspick'
processes='syscall|fork|vfork|_Fork|clone|clone3|unshare|setns|execv|execve|execvp|execvpe|execveat|fexecve|posix_spawn|posix_spawnp|system|popen|wait|waitpid|waitid|wait4|kill|pidfd_open|pidfd_send_signal|signal|sigaction|sigprocmask|prctl|capset|capget|setuid|setgid|setresuid|setresgid|setgroups|setsid|getpid|getppid|getuid|geteuid|getgid|getegid|setrlimit|getrlimit|prlimit|sethostname|setdomainname|gethostname|uname|sysconf|pthread_create'
others='socket|socketpair|connect|bind|listen|accept|accept4|send|sendmsg|sendto|recv|recvmsg|recvfrom|shutdown|poll|ppoll|select|epoll_create1|epoll_wait|getaddrinfo|time|gettimeofday|clock_gettime|clock_nanosleep|nanosleep|sleep|usleep|timerfd_create|getrandom|getpwnam|getpwnam_r|getpwuid|getgrnam|getgrgid|fopen|fdopen|freopen|fread|fwrite|fputs|puts|printf|vprintf|getline'
cplusplus='_ZNSt10filesystem.*|_ZNSt14basic_ifstream.*|_ZNSt14basic_ofstream.*|_ZNSt13basic_filebuf.*|_ZSt4cout|_ZSt4cerr|_ZNSt6thread.*|_ZNSt13random_device.*|_ZNSt6chrono.*3nowEv'
forbidden=" (($files|$names|$mounts|$processes|$others)(64)?|__($files|$names)(64)?(_2|_chk)|$cplusplus)\$"

status=0
for library; do
  # "member.o:" lines and "U symbol" lines, without the version behind an @.
  needed=$(nm -u -A "$library" | sed -n 's/^[^:]*:\([^:]*\): *U \([^@]*\).*/\1 \2/p')
  if [ -z "$needed" ]; then
    echo "$library: no symbols: not a library?" >&2
    exit 1
  fi
  found=$(echo "$needed" | grep -E "$forbidden" | sed "s|^\([^ ]*\) \(.*\)|$library(\1) needs \2|") || :
  if [ -n "$found" ]; then
    echo "$found"
    status=1
  fi
done
exit "$status"
