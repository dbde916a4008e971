/** Who might want to do harm. */
export const ATTACKERS = {
  'rogue-agent':
    'An agent that does what nobody asked: by its own error, by drift, or because it was told to.',
  injector:
    'Someone whose words reach an agent through a page, a file, an issue or a tool result, and become its orders.',
  'hostile-code': 'Code an agent fetches and runs: a package, an install script, a build file, a model file.',
  'local-user': 'Another user, or another program, on the same machine.',
  tamperer: 'Someone who wants the record to tell another story afterwards.',
} as const
export type AttackerId = keyof typeof ATTACKERS

/** One way to do harm, and what stands against it. */
export interface Threat {
  readonly id: string
  readonly title: string
  readonly attacker: AttackerId
  /** How it would go, in one or two sentences. */
  readonly story: string
  /** Ids of the controls that meet it (`core/control.ts`); at least one. */
  readonly controls: readonly string[]
  /** What is left when all of them hold. */
  readonly left: string
}

/** Every threat Warder claims to meet; what it does not claim is in {@link NOT_PROTECTED}. */
export const THREATS: readonly Threat[] = [
  {
    id: 'reads-secrets',
    title: 'An agent reads keys and passwords',
    attacker: 'rogue-agent',
    story:
      'It opens ~/.ssh, a cloud credential file or the environment, to use them or to write them into its answer.',
    controls: ['zero-default', 'hard-exclusions', 'sandbox-namespaces', 'sandbox-environment'],
    left: 'A secret inside the workspace it may read.',
  },
  {
    id: 'exfiltrates',
    title: 'Data leaves the machine',
    attacker: 'injector',
    story: 'Hidden text in a document tells the agent to send what it can read to an address.',
    controls: ['no-network', 'zero-default', 'explicit-deny'],
    left: "What the agent's own service is sent by a harness that runs outside the sandbox; covert channels.",
  },
  {
    id: 'destroys-work',
    title: 'An agent deletes or overwrites what it should not',
    attacker: 'rogue-agent',
    story: 'It mistakes a path, or is told to clean up, and removes files outside its task.',
    controls: ['zero-default', 'explicit-deny', 'sandbox-namespaces', 'changes-stay-aside', 'manual-mode'],
    left: 'Files in a workspace it writes to directly: keep them under version control.',
  },
  {
    id: 'plants-hooks',
    title: 'An agent leaves something for you to run',
    attacker: 'injector',
    story:
      'It writes a git hook, an editor task or agent settings that your own tools later execute outside any sandbox.',
    controls: ['sandbox-protected-places', 'changes-stay-aside', 'host-git-neutral'],
    left: 'Build files and sources of the project itself: read what you run.',
  },
  {
    id: 'disguises-command',
    title: 'A harmful command looks like a harmless one',
    attacker: 'injector',
    story:
      'The agent is told to run an ordinary tool with an option that starts a shell, a text that is decoded first, or a script it wrote a moment before.',
    controls: ['command-risk', 'zero-default', 'sandbox-namespaces'],
    left: 'Tricks no table knows and code nobody can follow: they run inside the sandbox, or not at all.',
  },
  {
    id: 'escapes',
    title: 'A program gets out of its sandbox',
    attacker: 'hostile-code',
    story:
      'It opens a new namespace, follows a swapped link, uses an inherited descriptor or an obscure system call.',
    controls: [
      ...['sandbox-namespaces', 'sandbox-seccomp', 'no-network', 'sandbox-protected-places'],
      ...['sandbox-self-test', 'paths-by-descriptor', 'landlock', 'seatbelt'],
    ],
    left: 'A hole in the kernel.',
  },
  {
    id: 'exhausts',
    title: 'A program uses the machine up',
    attacker: 'hostile-code',
    story: 'A loop forks, allocates, writes or prints without end.',
    controls: [
      'limit-processes',
      'limit-memory',
      'limit-cpu',
      'limit-files-output-time',
      'question-limit',
      'emergency-stop',
    ],
    left: 'Disk space in a writable workspace; limits the host cannot enforce, which Warder names.',
  },
  {
    id: 'raises-rights',
    title: 'An agent gives itself more rights',
    attacker: 'rogue-agent',
    story:
      'It writes itself a grant, edits the policy, or asks in the name of another agent or of the owner.',
    controls: [
      'grants-signed',
      'hard-exclusions',
      'policy-all-or-nothing',
      'socket-closed-to-others',
      'settings-strict',
    ],
    left: 'A person who grants what they should not.',
  },
  {
    id: 'replays',
    title: 'An old yes is used for something else',
    attacker: 'rogue-agent',
    story:
      'It keeps a permit, changes the command after it was approved, or waits until the rule was taken back.',
    controls: ['permit-single-use', 'permit-bound', 'permit-rejudged'],
    left: 'Nothing known.',
  },
  {
    id: 'passes-for-owner',
    title: 'Somebody passes for the owner',
    attacker: 'local-user',
    story:
      'A program guesses the passphrase, presents a principal it wrote itself, takes a session, or puts an older book of people in place; an agent, which runs under the same user id, tries the owner’s socket.',
    controls: ['principals-authentic', 'owner-passphrase', 'people-sealed', 'socket-closed-to-others'],
    left: 'A program that runs as the owner outside any sandbox, while a session lasts.',
  },
  {
    id: 'comes-uninvited',
    title: 'Somebody is let in who was not invited, or stays after',
    attacker: 'local-user',
    story:
      'It guesses a pairing code, swaps a key half way, redeems an invitation twice, steals a token, or sends a signed request again.',
    controls: ['guests-and-devices-proven', 'capability-tokens', 'people-sealed'],
    left: 'A guest’s own machine: whoever has its key file is the guest until it is revoked.',
  },
  {
    id: 'forges-a-yes',
    title: 'An agent acts on a yes that nobody gave',
    attacker: 'rogue-agent',
    story:
      'It answers its own question, swaps the program while a person reads, hides what it asks behind control characters, or wears the person out with questions.',
    controls: [
      'approval-bound',
      'approval-never-hangs',
      'approval-twice',
      'allowance-narrow',
      'trust-in-stages',
    ],
    left: 'A person who says yes without reading; a program that runs as you outside a sandbox.',
  },
  {
    id: 'misleads-policy',
    title: 'A broken policy opens the door',
    attacker: 'rogue-agent',
    story: 'A typing error in the policy, or half a file, is read as permission.',
    controls: ['policy-all-or-nothing', 'zero-default', 'settings-strict'],
    left: 'A rule that is well formed and too wide.',
  },
  {
    id: 'impersonates',
    title: 'Another program acts as you, or as the daemon',
    attacker: 'local-user',
    story: 'It connects to the socket, puts a socket of its own in the place, or replays what it overheard.',
    controls: ['socket-closed-to-others'],
    left: 'A program that already runs as you outside a sandbox.',
  },
  {
    id: 'injects-code',
    title: "Text becomes code in Warder's own process",
    attacker: 'injector',
    story:
      'A crafted request or policy makes a library build a function from a string or change a prototype.',
    controls: ['no-code-from-strings', 'settings-strict'],
    left: 'A fault in the JavaScript engine.',
  },
  {
    id: 'hides-traces',
    title: 'The record is changed afterwards',
    attacker: 'tamperer',
    story:
      'Someone edits, deletes or reorders entries, cuts the end off, or puts an older copy in the place.',
    controls: ['ledger-append-only', 'ledger-chained', 'ledger-checkpoints', 'ledger-witness'],
    left: 'Someone who holds the signing key and can reach the witness as well.',
  },
  {
    id: 'acts-unseen',
    title: 'Something happens without a record',
    attacker: 'rogue-agent',
    story: 'The disk is full, or the ledger was moved away, and the agent goes on.',
    controls: ['record-before-act', 'ledger-fail-closed'],
    left: 'What happens inside a permitted command, beyond the programs it starts.',
  },
  {
    id: 'runs-away',
    title: 'An agent does not stop when told',
    attacker: 'rogue-agent',
    story: 'It leaves children behind, ignores signals, or the daemon hangs while it works on.',
    controls: ['emergency-stop', 'fast-stop', 'sandbox-namespaces', 'permit-rejudged'],
    left: 'Effects on other machines that were already under way.',
  },
  {
    id: 'reads-memory',
    title: 'A key or a model is read out of memory',
    attacker: 'local-user',
    story:
      'A program of the same user traces the daemon, opens its memory, makes it dump core or open a debugger; or an agent looks for what a worker held for somebody before.',
    controls: ['daemon-memory-closed', 'workers-recycled', 'sandbox-namespaces', 'sandbox-seccomp'],
    left: 'Root; key files that a program of your user reads from the disk; memory of graphics processors.',
  },
  {
    id: 'smuggles-results',
    title: 'A task hides something among its results',
    attacker: 'hostile-code',
    story:
      'It leaves a link to a key, a git hook, a pipe or a copied password where its results are fetched from.',
    controls: ['results-scanned'],
    left: 'What is wrong in a file that looks right.',
  },
  {
    id: 'hook-bypassed',
    title: 'A coding agent gets past its hook',
    attacker: 'injector',
    story:
      'The harness runs outside any sandbox and asks a hook. The agent hides what it does in a script, a link or a spelling, edits the hook’s settings, or runs in a mode that overrides the answer.',
    controls: ['hooks-fail-closed', 'hooks-liveness'],
    left: 'What a program that was allowed does afterwards, and a harness started without its hooks: use the sandbox.',
  },
]

/** What Warder guards. */
export const ASSETS = [
  'Keys, passwords and tokens of the person and of the machine',
  'Files outside the workspace an agent was given',
  'Programs and settings that run later, outside any sandbox',
  'The network the machine can reach',
  'The machine itself: its processes, memory and time',
  'The policy, the grants and the keys of Warder',
  'The record of what happened',
] as const

/** Where trust changes, and what is checked there. */
export const BOUNDARIES = [
  'Agent to machine: the sandbox. Nothing inside is trusted, nothing inside holds a key.',
  'Command line to daemon: the socket. Same user, owner-only path, and both ends prove that they hold the secret.',
  'Agent to daemon: a socket made for that agent alone; its place in the file system is its name.',
  'Request to act: the gate. Only a permit crosses it, once.',
  'Files a person edits (policy, profiles, settings): read once, checked whole, refused whole.',
  'Project files: written by agents, hence not trusted; the few settings a project may set cannot open anything.',
  'Ledger to reader: believed only as far as chain, signature and witness reach.',
] as const

/** What Warder does not protect against. Published so that nobody relies on it for these. */
export const NOT_PROTECTED = [
  {
    what: 'Root, or you yourself, outside the sandbox',
    instead:
      'Whoever can write the files and memory of your user can switch Warder off. Keep the witness on another machine.',
  },
  {
    what: 'Holes in the kernel or the hardware',
    instead:
      'Sandboxes share the kernel. Keep it up to date; for code you expect to be hostile, use a virtual machine.',
  },
  {
    what: "What an agent's service does with what it was sent",
    instead:
      'The far side of a model or tool service is out of reach. Give an agent only what its provider may see.',
  },
  {
    what: 'Covert channels',
    instead:
      'Timing, load and the shape of allowed output can carry a few bits. They are made narrower, not closed.',
  },
  {
    what: 'Agents that were not started through Warder',
    instead: 'Only what passes the gate is guarded. Start agents with `warder run`.',
  },
  {
    what: 'Wrong but allowed work',
    instead:
      'Warder does not judge whether code is good or an answer is true. Read what an agent made before you use it.',
  },
  {
    what: 'What was read before the stop',
    instead:
      'A stop ends what runs; it does not make known things unknown. Change keys that an agent could read.',
  },
  {
    what: 'Floods from the network',
    instead:
      'Warder listens on no network address. Defence against floods belongs to the network around the machine.',
  },
] as const
