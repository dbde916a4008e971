import type { Control } from '../control.ts'
import { FIREWALL_CONTROLS } from './firewall.ts'
import { MCP_CONTROLS } from './mcp.ts'
import { SECRET_CONTROLS } from './secrets.ts'

export const ENFORCE_CONTROLS: readonly Control[] = [
  {
    id: 'sandbox-namespaces',
    title: 'A guarded program sees a machine of its own',
    layer: 'enforce',
    promise:
      'It has its own users, processes, mounts, network, host name and IPC; of your files it sees what its profile shows.',
    limits: 'It shares the kernel with the host: a hole in the kernel is a hole in this wall.',
    module: 'src/enforce/sandbox/bubblewrap.ts',
    tests: ['test/attacks/box-files.test.ts', 'test/attacks/box-namespaces.test.ts'],
    facility: 'namespaces',
  },
  {
    id: 'sandbox-seccomp',
    title: 'Dangerous system calls are closed',
    layer: 'enforce',
    promise:
      'Calls that load code into the kernel, watch other processes, re-enter namespaces or type into terminals are refused.',
    limits: 'It filters calls, not what an allowed call does; arguments behind pointers are not seen.',
    module: 'src/enforce/sandbox/seccomp.ts',
    tests: ['test/attacks/box-syscalls.test.ts'],
    facility: 'seccomp',
  },
  {
    id: 'sandbox-protected-places',
    title: 'Git hooks and agent settings cannot be planted',
    layer: 'enforce',
    promise:
      'In a writable workspace the files that other programs obey (git hooks, editor tasks, agent settings) are read-only or absent; what comes of them further down, and repositories without a `.git`, is told when the run has ended.',
    limits:
      'It knows a list of names; a build file of the project that you run yourself afterwards is not on it. In a workspace written to directly, names below the root that were not there at the start can be made, and are only told: do not enter such a tree before the run has ended.',
    module: 'src/enforce/sandbox/tree.ts',
    tests: ['test/attacks/box-protected.test.ts'],
    facility: 'namespaces',
  },
  {
    id: 'sandbox-environment',
    title: 'Secrets in the environment do not go along',
    layer: 'enforce',
    promise:
      'A guarded program is given the variables its profile names; those that look like secrets are dropped even then.',
    limits: 'A secret under an innocent name that the profile passes goes along.',
    module: 'src/enforce/sandbox/environment.ts',
    tests: ['test/attacks/box-files.test.ts#a secret in the environment'],
  },
  {
    id: 'limit-processes',
    title: 'A fork bomb ends at the limit',
    layer: 'enforce',
    promise: 'A guarded program cannot have more processes than its profile says.',
    limits: 'Processes of other programs of the same user are not counted or protected by it.',
    module: 'src/enforce/sandbox/limits.ts',
    tests: ['test/attacks/box-bombs.test.ts'],
    facility: 'process-limit',
  },
  {
    id: 'limit-memory',
    title: 'Memory ends at the limit',
    layer: 'enforce',
    promise:
      'A guarded program that takes more memory than its profile says is stopped, and the host keeps running.',
    limits:
      'Where no cgroup can be used the limit holds per process, not for all of them together, and Warder says so.',
    module: 'src/enforce/sandbox/limits.ts',
    tests: ['test/attacks/box-bombs.test.ts'],
    facility: 'memory-limit',
  },
  {
    id: 'limit-cpu',
    title: 'CPU time is shared',
    layer: 'enforce',
    promise: 'Where the host offers a CPU controller, a guarded program gets the share its profile says.',
    limits: 'Without a cgroup it is not in force, and Warder says so.',
    module: 'src/enforce/sandbox/limits.ts',
    tests: ['test/attacks/box-bombs.test.ts'],
    facility: 'cpu-limit',
  },
  {
    id: 'limit-files-output-time',
    title: 'Open files, output and time end at the limit',
    layer: 'enforce',
    promise:
      'Too many open files are refused; a flood of output or a run past its time ends the program and everything it started.',
    limits: 'The space used in a writable workspace is not limited.',
    module: 'src/enforce/sandbox/limits.ts',
    tests: ['test/attacks/box-bombs.test.ts'],
    facility: 'open-files-limit',
  },
  {
    id: 'no-network',
    title: 'No network of its own',
    layer: 'enforce',
    promise:
      'A guarded program reaches no address by itself: not the internet, not the host, not a metadata service, not another sandbox. Where its profile leaves a way out, that is the socket of the egress proxy.',
    limits: 'What the proxy lets through is out; what it lets through is the next control.',
    module: 'src/enforce/sandbox/bubblewrap.ts',
    tests: ['test/attacks/box-network.test.ts'],
    facility: 'no-network',
  },
  {
    id: 'changes-stay-aside',
    title: 'Changes of an agent stay aside until a person takes them',
    layer: 'enforce',
    promise:
      'In overlay mode nothing an agent writes is in the workspace before `changes apply`; what is applied is exactly what was shown, all of it or none, with a snapshot first, and names that tools of the host obey are left out unless they are accepted.',
    limits:
      'It shows changes and judges none of them: code that you apply and then run is code you trust. Direct mode writes at once.',
    module: 'src/enforce/workspace/changes.ts',
    tests: ['test/attacks/changes.test.ts', 'test/attacks/layers.test.ts', 'test/journeys/changes.test.ts'],
    facility: 'overlay',
  },
  {
    id: 'host-git-neutral',
    title: 'Nothing an agent planted runs when Warder reads its repository',
    layer: 'enforce',
    promise:
      'Commits of an agent are fetched as objects into refs of their own, without its configuration, hooks, filters or attributes.',
    limits: 'It speaks of the git that Warder runs; what your own git does in that tree is yours.',
    module: 'src/enforce/workspace/git.ts',
    tests: ['test/attacks/changes.test.ts'],
  },
  {
    id: 'fast-stop',
    title: 'Freeze and stop go through the first process inside',
    layer: 'enforce',
    promise:
      'Process 1 of a sandbox is ours: it stops, continues and ends everything inside in one call, and ends it when the daemon is gone.',
    limits:
      'Without a C compiler at set-up the programs are missing; then the slower ways are used and the probe says so.',
    module: 'src/enforce/sandbox/control.ts',
    tests: [
      'src/enforce/sandbox/control.process.test.ts',
      'src/enforce/sandbox/control-killed.process.test.ts',
      'src/enforce/sandbox/exec.process.test.ts',
    ],
    facility: 'fast-stop',
  },
  {
    id: 'sandbox-self-test',
    title: 'The sandbox is tried out on this host',
    layer: 'enforce',
    promise:
      'Every known way out is tried outside and inside; what gets through is no longer claimed, and what relies on it is refused.',
    limits:
      'It tries known ways only, and speaks of this boot, driver and profile; what has no control outside proves nothing.',
    module: 'src/enforce/sandbox/selftest/selftest.ts',
    tests: ['src/enforce/sandbox/selftest/selftest.process.test.ts', 'test/journeys/sandbox-test.test.ts'],
  },
  {
    id: 'landlock',
    title: 'Where namespaces are missing, less is kept, and said',
    layer: 'enforce',
    promise:
      'A profile that allows the level landlock runs there without namespaces: files outside its list stay unread and unchanged, no socket opens, and everything it started ends with it.',
    limits:
      'It hides no process numbers and protects no names inside a writable workspace; the agent cannot talk to Warder. Nothing falls back to it unless the profile says so.',
    module: 'src/enforce/sandbox/landlock-driver.ts',
    tests: ['test/attacks/landlock.test.ts', 'test/attacks/landlock-layers.test.ts'],
  },
  {
    id: 'seatbelt',
    title: 'A sandbox profile for macOS',
    layer: 'enforce',
    promise: 'The same spec becomes a profile that denies by default, with the protected names denied last.',
    limits: 'It is text that was never loaded on a Mac, and no driver uses it yet.',
    module: 'src/enforce/sandbox/seatbelt.ts',
    tests: ['src/enforce/sandbox/seatbelt.test.ts', 'src/enforce/sandbox/seatbelt.process.test.ts'],
  },
  {
    id: 'paths-by-descriptor',
    title: 'A swapped link leads nowhere',
    layer: 'enforce',
    promise:
      'Files below a base are opened by descriptor, without links, devices or dot-dot, so that a change between look and use has no effect.',
    limits: 'Linux only; it is a library, and protects the code that uses it.',
    module: 'src/platform/safe-path.ts',
    tests: ['test/attacks/safe-path.test.ts'],
  },
  {
    id: 'workers-recycled',
    title: 'What holds a model or a key forgets it',
    layer: 'enforce',
    promise:
      'A worker is given single devices by name and no other, writes no core dump, and is ended with all it held after so many uses, so long, or so long idle; it starts afresh under a new permit only when its places in memory are seen to be gone.',
    limits:
      'A program of the same user outside any sandbox can read a worker’s memory: the kernel gives that user every right in namespaces it made. What a device remembers, such as memory of a graphics processor, is its driver’s to clear.',
    module: 'src/daemon/recycling.ts',
    tests: ['test/attacks/workers.test.ts', 'src/enforce/sandbox/worker.test.ts'],
    facility: 'named-devices',
  },
  {
    id: 'results-scanned',
    title: 'Results of a task come out looked at, or not at all',
    layer: 'enforce',
    promise:
      'What a task in a container leaves in its outbox is taken when nobody inside is left: plain files only, within their limit, without secrets or names that tools of the host obey, with a receipt in the ledger; one bad file keeps all of them in.',
    limits:
      'It knows the shapes of secrets, not their meaning; a program among the results is data until you run it.',
    module: 'src/daemon/outboxes.ts',
    tests: ['test/attacks/outbox.test.ts', 'src/enforce/sandbox/outbox.test.ts'],
  },
  {
    id: 'hooks-fail-closed',
    title: 'A coding agent’s hook that fails refuses',
    layer: 'enforce',
    promise:
      'Every tool a harness asks its hook about is decided by the same gate, by what it would start, touch and name; a hook that is missing, crashes, is malformed or finds no daemon refuses.',
    limits:
      'A hook answers and holds nobody: a harness that is started without it, and what a program does once it runs, only the sandbox stops. Such a program is you: it reaches the socket as you do, and only the owner’s passphrase (`warder owner passphrase`) keeps it from giving orders, while no session is open.',
    module: 'src/daemon/hooks.ts',
    tests: [
      'test/attacks/hooks.test.ts',
      'src/enforce/session/payload.test.ts',
      'test/journeys/hooks-real.test.ts#Claude Code:',
      'test/journeys/hooks-real.test.ts#Codex:',
    ],
  },
  {
    id: 'hooks-liveness',
    title: 'A harness that does not heed its hook is found out',
    layer: 'enforce',
    promise:
      'Each session must attempt a marked call, which is refused, before anything else; a refused call that runs, or one nobody asked about, locks the session until its owner lets it go.',
    limits:
      'It sees what the harness reports and what the marked call reports itself; a harness that runs other calls in silence is not seen.',
    module: 'src/enforce/session/liveness.ts',
    tests: ['test/attacks/hooks-liveness.test.ts', 'src/enforce/session/sessions.test.ts'],
  },
  {
    id: 'egress-asked',
    title: 'What leaves was asked for',
    layer: 'enforce',
    promise:
      'Every host and port a run reaches was put to the gate once, by name, with policy, grants, a person and the record; a rule, a grant that ends, or a stop closes it again and cuts what is open. While it cannot be recorded, or the proxy is gone, nothing leaves.',
    limits:
      'In a tunnel nobody sees what is said, and the record says so; who may send to a host can send what it likes there.',
    module: 'src/daemon/ways-out-run.ts',
    tests: [
      'test/attacks/egress-run.test.ts',
      'test/attacks/egress-packets.test.ts',
      'test/attacks/egress-process.test.ts',
      'test/journeys/egress.test.ts',
    ],
  },
  {
    id: 'egress-exact',
    title: 'The host that was allowed is the host that is reached',
    layer: 'enforce',
    promise:
      'The address that was checked is the one that is dialled; private, local and metadata addresses are refused unless listed, in every notation; TLS and Host must name the host that was asked for; what two readers would read differently is refused; names that carry data are stopped.',
    limits:
      'A name is as honest as its name server; a host that serves many sites over one certificate is one host.',
    module: 'src/enforce/egress/decide.ts',
    tests: [
      'test/attacks/egress-addresses.test.ts',
      'test/attacks/egress-protocol.test.ts',
      'src/enforce/egress/decide.test.ts',
    ],
  },
  {
    id: 'egress-airlock',
    title: 'The airlock shuts everything',
    layer: 'enforce',
    promise:
      'Where it is used nothing leaves any sandbox until the owner opens it for a time, with a fresh passphrase where one is set; then it shuts by itself, and cuts what is open. A daemon that starts, starts with it shut.',
    limits: 'It is off unless egress.airlock is on.',
    module: 'src/daemon/airlock.ts',
    tests: [
      'test/attacks/egress-run.test.ts#behind a closed airlock',
      'test/attacks/egress-process.test.ts#a closed airlock',
    ],
  },
  {
    id: 'secrets-put-in',
    title: 'Keys are put in on the way, and nowhere else',
    layer: 'enforce',
    promise:
      'Inside there is a stand-in that opens nothing; the proxy puts the real value in toward the hosts it is bound to, over TLS it has verified, within its budget, and takes it out of answers. A stand-in or a key on its way elsewhere ends the request and is told; the use of a twin takes the real one out of use.',
    limits:
      'A host that hands a key on by other ways, and encodings nobody knows, are not seen; the agent has only the stand-in to hide.',
    module: 'src/enforce/egress/broker/broker.ts',
    tests: [
      'test/attacks/egress-secrets.test.ts',
      'test/journeys/egress.test.ts#a call with the stand-in',
      'src/enforce/egress/broker/broker.test.ts',
    ],
  },
  ...SECRET_CONTROLS,
  ...FIREWALL_CONTROLS,
  ...MCP_CONTROLS,
]
