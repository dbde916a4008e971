/** The system calls the filter names, with their numbers; `undefined` where an architecture has no such call. */
export type Architecture = 'x86_64' | 'aarch64'

/** AUDIT_ARCH_* of <linux/audit.h>: what seccomp_data.arch holds. */
export const AUDIT_ARCH: Readonly<Record<Architecture, number>> = { x86_64: 0xc000003e, aarch64: 0xc00000b7 }

// name: [x86-64 (arch/x86/entry/syscalls/syscall_64.tbl), arm64 (include/uapi/asm-generic/unistd.h)]
const TABLE = {
  open: [2, undefined],
  ioctl: [16, 29],
  socket: [41, 198],
  clone: [56, 220],
  fork: [57, undefined],
  vfork: [58, undefined],
  creat: [85, undefined],
  chmod: [90, undefined],
  fchmod: [91, 52],
  ptrace: [101, 117],
  syslog: [103, 116],
  socketpair: [53, 199],
  mknod: [133, undefined],
  uselib: [134, undefined],
  personality: [135, 92],
  ustat: [136, undefined],
  sysfs: [139, undefined],
  vhangup: [153, 58],
  modify_ldt: [154, undefined],
  pivot_root: [155, 41],
  _sysctl: [156, undefined],
  chroot: [161, 51],
  acct: [163, 89],
  settimeofday: [164, 170],
  mount: [165, 40],
  umount2: [166, 39],
  swapon: [167, 224],
  swapoff: [168, 225],
  reboot: [169, 142],
  sethostname: [170, 161],
  setdomainname: [171, 162],
  iopl: [172, undefined],
  ioperm: [173, undefined],
  create_module: [174, undefined],
  init_module: [175, 105],
  delete_module: [176, 106],
  get_kernel_syms: [177, undefined],
  query_module: [178, undefined],
  quotactl: [179, 60],
  nfsservctl: [180, 42],
  lookup_dcookie: [212, 18],
  clock_settime: [227, 112],
  kexec_load: [246, 104],
  add_key: [248, 217],
  request_key: [249, 218],
  keyctl: [250, 219],
  migrate_pages: [256, 238],
  openat: [257, 56],
  mknodat: [259, 33],
  fchmodat: [268, 53],
  unshare: [272, 97],
  move_pages: [279, 239],
  perf_event_open: [298, 241],
  fanotify_init: [300, 262],
  open_by_handle_at: [304, 265],
  setns: [308, 268],
  process_vm_readv: [310, 270],
  process_vm_writev: [311, 271],
  kcmp: [312, 272],
  finit_module: [313, 273],
  kexec_file_load: [320, 294],
  bpf: [321, 280],
  userfaultfd: [323, 282],
  io_uring_setup: [425, 425],
  io_uring_enter: [426, 426],
  io_uring_register: [427, 427],
  open_tree: [428, 428],
  move_mount: [429, 429],
  fsopen: [430, 430],
  fsconfig: [431, 431],
  fsmount: [432, 432],
  fspick: [433, 433],
  clone3: [435, 435],
  openat2: [437, 437],
  pidfd_getfd: [438, 438],
  process_madvise: [440, 440],
  mount_setattr: [442, 442],
  quotactl_fd: [443, 443],
  process_mrelease: [448, 448],
  fchmodat2: [452, 452],
  open_tree_attr: [467, 467],
} as const satisfies Readonly<Record<string, readonly [number | undefined, number | undefined]>>

export type SyscallName = keyof typeof TABLE

export function syscallNumber(name: SyscallName, architecture: Architecture): number | undefined {
  return TABLE[name][architecture === 'x86_64' ? 0 : 1]
}

/** The name behind a number, for reading a program back. */
export function syscallName(number: number, architecture: Architecture): SyscallName | undefined {
  return (Object.keys(TABLE) as SyscallName[]).find((name) => syscallNumber(name, architecture) === number)
}
