import type { Control } from '../control.ts'

export const WATCH_CONTROLS: readonly Control[] = [
  {
    id: 'record-watched',
    title: 'Every entry of the record is held against rules',
    layer: 'watch',
    promise:
      'What no single decision shows (a burst of refusals, a file written and then run, a secret and then the network, guesses at a passphrase) is found as it is written, named with the entries it rests on, and contained where its rule says so; a restart loses nothing and tells nothing twice.',
    limits:
      'It sees what is on record and finds what somebody wrote a rule for; whoever is slow enough stays below every threshold.',
    module: 'src/daemon/watch/detect.ts',
    tests: [
      'src/watch/detect/detect.test.ts',
      'src/daemon/watch/detect.test.ts',
      'src/daemon/watch/detect-day.test.ts',
      'test/attacks/detection.test.ts',
    ],
  },
  {
    id: 'alerts-kept',
    title: 'An alert is kept, once, and reaches who must know',
    layer: 'watch',
    promise:
      'What was noticed stands in a feed for the owner alone and in the ledger, ten thousand times the same as one alert with that count, without secrets and control characters; what is sent on is signed, tried again, and shown while it waits.',
    limits:
      'The feed is not chained: the entries in the ledger are. Syslog over UDP and local datagrams does not say whether anybody read it. Nobody is called who set no webhook.',
    module: 'src/daemon/watch/alerts.ts',
    tests: [
      'src/daemon/watch/alerts.test.ts',
      'src/daemon/watch/alerts-senders.test.ts',
      'src/cli/commands/alerts.test.ts',
      'test/attacks/detection.test.ts#ten thousand',
    ],
  },
  {
    id: 'incidents-contained',
    title: 'What is noticed is acted upon, and contained means seen',
    layer: 'contain',
    promise:
      'A finding with a class is on the disk before anything is done about it; the agent it names is frozen, its ways out or the secrets are closed as the class says, each action leaves a receipt, is tried until it was seen in the world, and goes on after the daemon was killed. No reporter makes anything look less bad than its class.',
    limits:
      'Only what a watcher notices becomes an incident. Nothing that was sent is called back, and an address is blocked for runs, not in the firewall of the machine.',
    module: 'src/contain/incident/book.ts',
    tests: [
      'test/attacks/incidents.test.ts',
      'src/contain/incident/incident.test.ts',
      'src/contain/incident/outbox.test.ts',
      'src/contain/quarantine/quarantine.test.ts',
      'src/daemon/containing/withheld.test.ts',
    ],
  },
  {
    id: 'recovery-ceremony',
    title: 'Only a ceremony ends what is latched',
    layer: 'contain',
    promise:
      'Breaches of integrity, attestation and access stay in force over restarts, resumes and edited files, until somebody acknowledges them by name with a cause and, where the class or severity needs it, Warder itself was seen whole since.',
    limits:
      'Whoever has the rights of the owner and the keys of this machine can write any book. Without a baseline of its integrity critical incidents cannot be resolved.',
    module: 'src/contain/incident/classes.ts',
    tests: [
      'test/attacks/incidents.test.ts#a latched incident',
      'test/attacks/incidents.test.ts#recover takes one through it',
      'src/contain/incident/incident.test.ts#a critical incident is resolved only',
      'src/contain/incident/incident.test.ts#a line that was changed',
    ],
  },
  {
    id: 'agent-contained',
    title: 'One command contains an agent',
    layer: 'contain',
    promise:
      'It is frozen, kept as evidence, killed to the last process, stripped of grants, tokens, connections and secrets, and its workspace is put back to a kept state, as one case that goes on after a crash and can be verified elsewhere.',
    limits:
      'A workspace nobody kept a state of is not put back, and the case says so. Programs that Warder did not start go on.',
    module: 'src/daemon/containing/cases.ts',
    tests: ['test/attacks/contain.test.ts', 'test/attacks/containment.test.ts'],
  },
  {
    id: 'boundary-alarm',
    title: 'What stands, writes or speaks at a run without a permit is told',
    layer: 'watch',
    promise:
      'The kernel’s own events are held against the permit of each run: a process that was not born in it, one that left it or lost its filter, one that is traced from outside or goes on after the end, an interface or a connection of the host in its hands, and a write where its permit names nothing become an incident within a second; whoever ends the lookout is told of, and it begins again.',
    limits:
      'Who wrote, and what other users’ processes do, is told only to root. The first fifth of a second of a run, what lives for less than a millisecond on a busy machine, and memory written through /proc without tracing are not seen. Connections are looked at several times a second: one that is opened and closed between two looks is missed.',
    module: 'src/watch/host/boundary.ts',
    tests: [
      'test/attacks/boundary.test.ts',
      'src/watch/host/boundary.test.ts',
      'src/watch/host/lookout.process.test.ts',
    ],
  },
  {
    id: 'host-watched',
    title: 'What an attacker does to the host is noticed',
    layer: 'watch',
    promise:
      'Where it is switched on: programs without a file, what servers start, rights taken, tracing, set-user-id files, places from where programs start by themselves, listeners nobody declared, scans of ports, kernel modules and brute force are told with process and program; a source that tells nothing here is not said to be in force.',
    limits:
      'Off unless the daemon is a service of the machine or watch.host is on. Root can blind it. Slow scans, scans over UDP and logins that are not logged are not found; names of installers at trusted places are believed.',
    module: 'src/watch/host/host.ts',
    tests: ['test/attacks/host-watch.test.ts', 'src/watch/host/host.test.ts'],
  },
  {
    id: 'posture-scans',
    title: 'How the machine is set up is looked over',
    layer: 'watch',
    promise:
      'Keys, memory, files, network and programs are scanned by a schedule and when asked, with points, a fix for each weakness, and what could not be looked at; a scan that fails is an alert; only modes of Warder’s own files and its own leftovers are ever mended, on record, when the owner says so.',
    limits:
      'Hints about hidden programs and modules are no proof: a kernel that hides something hides it here as well. Directories beyond 100,000 files are cut, and that is said.',
    module: 'src/watch/posture/scans.ts',
    tests: ['src/watch/posture/posture.test.ts', 'test/attacks/posture.test.ts'],
  },
  {
    id: 'integrity-watched',
    title: 'Changed programs, keys, units, models and policies are noticed',
    layer: 'watch',
    promise:
      'Every watched file is compared with a baseline its owner signed: content, rights, owner, names, inode, attributes, where links lead, what is new and what is gone; each change is told once, with who made it where the kernel says so, and a bad state stays until the owner signs anew. Baseline and state are sealed, and the record knows the newest.',
    limits:
      'Nothing is known before the owner takes a baseline. What was wrong then is right to it. Whoever holds the keys and the record can write another truth.',
    module: 'src/watch/integrity/monitor.ts',
    tests: ['src/watch/integrity/monitor.test.ts', 'test/attacks/integrity.test.ts'],
  },
  {
    id: 'canaries-tell',
    title: 'Whoever goes through what is not theirs is told of',
    layer: 'watch',
    promise:
      'A planted file, credential, token, name, tool or secret that is touched is an incident at once, with process and program where the kernel names them, and the agent that did it is stopped; none is laid over anything, and the list is sealed.',
    limits:
      'Only what the owner planted. Without root nobody says who it was, and on a disk mounted with noatime a reading while Warder does not run leaves no trace.',
    module: 'src/daemon/watch/canaries.ts',
    tests: ['test/attacks/canaries.test.ts'],
  },
  {
    id: 'health-derived',
    title: 'What nobody could look at is not called well',
    layer: 'watch',
    promise:
      'Each part of Warder says how it is, all together are as well as the worst of them, unknown is never better than degraded, and objectives claim nothing without data; numbers for monitoring hold no word of an agent’s and stay within bounds.',
    limits: 'It is what the parts say of themselves and what the daemon can see; a dead daemon says nothing.',
    module: 'src/watch/health/component.ts',
    tests: [
      'src/watch/health/health.test.ts',
      'src/daemon/watch/health-parts.test.ts',
      'src/core/breaker.test.ts',
      'test/attacks/health.test.ts',
    ],
  },
  {
    id: 'emergency-wipe',
    title: 'What must not be found is gone, and seen to be gone',
    layer: 'contain',
    promise:
      'One command locks everything, destroys every key, or destroys everything, with a dead or hanging daemon too; each step is looked at afterwards, one that fails is told and stops none of the others, nothing is destroyed that was not put on record first, and a signed record stays.',
    limits:
      'It claims nothing of what a disk keeps below its file system, nor of backups that hold the key file; it leaves workspaces and files of other programs alone.',
    module: 'src/contain/emergency/wipe.ts',
    tests: ['test/attacks/emergency.test.ts', 'src/contain/emergency/access.test.ts'],
  },
  {
    id: 'emergency-ways-in',
    title: 'A person finds a way in, and is on record',
    layer: 'contain',
    promise:
      'Configurations for SSH (named users, from the management network, keys alone, sessions recorded), serial console and recovery boot are made and checked; a machine that was booted for recovery starts no agent; who is logged in stands in the status.',
    limits:
      'It installs nothing by itself. What root does on the machine, root can also change in its traces there; that a console answers only a person can try.',
    module: 'src/contain/emergency/access.ts',
    tests: ['src/contain/emergency/access.test.ts', 'src/contain/emergency/humans.test.ts'],
  },
]
