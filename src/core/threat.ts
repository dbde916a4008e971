import { WATCHED_THREATS } from './threat-watched.ts'

/** Who might want to do harm. */
export const ATTACKERS = {
  'rogue-agent':
    'An agent that does what nobody asked: by its own error, by drift, or because it was told to.',
  injector:
    'Someone whose words reach an agent through a page, a file, an issue or a tool result, and become its orders.',
  'hostile-code': 'Code an agent fetches and runs: a package, an install script, a build file, a model file.',
  'local-user': 'Another user, or another program, on the same machine.',
  stranger: 'Someone on a network the machine is connected to.',
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

/** Every threat Warder claims to meet; what it does not claim is `NOT_PROTECTED` in `guarded.ts`. */
export const THREATS: readonly Threat[] = [
  {
    id: 'reads-secrets',
    title: 'An agent reads keys and passwords',
    attacker: 'rogue-agent',
    story:
      'It opens ~/.ssh, a cloud credential file or the environment, to use them or to write them into its answer.',
    controls: [
      ...['zero-default', 'hard-exclusions', 'sandbox-namespaces', 'sandbox-environment'],
      ...['secrets-sealed', 'secrets-never-shown', 'secrets-rotated'],
    ],
    left: 'A secret inside the workspace it may read.',
  },
  {
    id: 'exfiltrates',
    title: 'Data leaves the machine',
    attacker: 'injector',
    story: 'Hidden text in a document tells the agent to send what it can read to an address.',
    controls: [
      'no-network',
      'egress-asked',
      'egress-exact',
      'egress-airlock',
      'zero-default',
      'explicit-deny',
    ],
    left: "What is sent to a host the agent may reach, its own model's service above all; covert channels.",
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
    left: 'Build files and sources of the project itself: read what you run. What is made deep in a workspace written to directly, until the run ends.',
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
      ...['sandbox-self-test', 'paths-by-descriptor', 'landlock', 'seatbelt', 'boundary-alarm'],
    ],
    left: 'A hole in the kernel.',
  },
  {
    id: 'spends-credentials',
    title: 'A key is stolen, or spent on something else',
    attacker: 'injector',
    story:
      'The agent is told to print its key, to send it to another host in some disguise, or to use it for what nobody asked.',
    controls: [
      'secrets-put-in',
      'secrets-never-shown',
      'secrets-sealed',
      'secrets-not-committed',
      'egress-asked',
    ],
    left: 'What the key may do at its own host, while the agent may use it: limit methods and paths.',
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
      'budgets-and-rates',
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
    id: 'acts-through-browser',
    title: 'Somebody acts through the console',
    attacker: 'stranger',
    story:
      'A page you visit sends requests to the console in your name, frames it, or turns its own name to your machine; somebody guesses the passphrase, plants or steals a session, uses an old link, or keeps so many streams open that nobody else is served.',
    controls: [
      ...['console-closed', 'console-logged-in', 'console-own-pages'],
      ...['console-no-more-power', 'console-limits'],
    ],
    left: 'Whoever sits before a browser that was left open, until the session is idle for long enough; extensions of that browser.',
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
      ...['approval-bound', 'approval-never-hangs', 'approval-twice', 'approval-from-afar'],
      ...['allowance-narrow', 'trust-in-stages'],
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
    id: 'orders-from-strangers',
    title: 'Words of strangers become orders',
    attacker: 'injector',
    story:
      'A page, a mail or the answer of a tool says what to do next, and the agent does it: at once, or days later, because it was written into a file that another session reads.',
    controls: ['taint-lasts', 'mcp-firewall'],
    left: 'Whether a model heeds what it reads is decided in the model. Warder sees where words came from and what is done next, and asks; a person who says yes to everything is no guard.',
  },
  {
    id: 'hostile-tool-server',
    title: 'A tool server lies, changes or attacks',
    attacker: 'hostile-code',
    story:
      'An MCP server hides orders in its answers, changes what a tool says of itself after it was approved, adds tools at run time, asks for passwords, answers what nobody asked, or sends frames that two readers understand differently.',
    controls: ['mcp-firewall', 'mcp-receipts', 'sandbox-namespaces', 'no-network', 'zero-default'],
    left: 'What a tool that was allowed does with arguments that were allowed; a description that lies in plain words.',
  },
  {
    id: 'hook-bypassed',
    title: 'A coding agent gets past its hook',
    attacker: 'injector',
    story:
      'The harness runs outside any sandbox and asks a hook. The agent hides what it does in a script, a link or a spelling, edits the hook’s settings, or runs in a mode that overrides the answer.',
    controls: ['hooks-fail-closed', 'hooks-liveness'],
    left: 'What a program that was allowed does afterwards, orders to Warder among it, and a harness started without its hooks: use the sandbox, and set a passphrase.',
  },
  {
    id: 'reaches-in',
    title: 'A stranger reaches the machine over the network',
    attacker: 'stranger',
    story:
      'Someone finds a port nobody meant to open, claims an address that is trusted, answers for the resolver, or opens connections until nobody else is served; or a rule made in a hurry stays open.',
    controls: [
      ...['firewall-default-no', 'firewall-taken-back', 'firewall-openings'],
      ...['firewall-floods', 'host-settings'],
    ],
    left: 'Holes in what is open on purpose, and floods that fill the line. The firewall is off until you apply it.',
  },
  ...WATCHED_THREATS,
]
