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
      'Warder listens on no network address. Its firewall drops single sources that open too much (`warder firewall apply`); defence against floods belongs to the network around the machine.',
  },
] as const
