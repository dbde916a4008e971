import type { Threat } from './threat.ts'

/** Threats that no single decision meets: what watches and what contains stands against them. */
export const WATCHED_THREATS: readonly Threat[] = [
  {
    id: 'changes-the-guard',
    title: 'Somebody changes a program, key, policy or model the machine stands on',
    attacker: 'tamperer',
    story:
      'A program is swapped, a unit gets one more line, a key is exchanged or a model poisoned, with the times put back so that nothing shows; or the baseline itself is forged.',
    controls: ['integrity-watched'],
    left: 'What happens before the first baseline is taken, and whoever holds the keys of Warder.',
  },
  {
    id: 'looks-around',
    title: 'Somebody goes through files and keys that are none of their business',
    attacker: 'rogue-agent',
    story: 'It reads whatever it can reach, looking for something worth having, before it does any harm.',
    controls: ['canaries-tell', 'zero-default', 'sandbox-namespaces'],
    left: 'Who never touches a canary.',
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
    id: 'step-by-step',
    title: 'An attack has no step that is worth a refusal',
    attacker: 'injector',
    story:
      'An agent tries a hundred places in a minute, writes a file and then runs it, reaches for a key and then for the network, or asks again and again until a tired person says yes. Each step alone is allowed, or a refusal like any other.',
    controls: [
      ...['record-watched', 'alerts-kept', 'taint-lasts'],
      ...['incidents-contained', 'recovery-ceremony', 'agent-contained'],
    ],
    left: 'What is slow enough, what nobody wrote a rule for, and what a program does inside its sandbox without asking.',
  },
  {
    id: 'takes-the-machine',
    title: 'The machine falls into other hands',
    attacker: 'stranger',
    story:
      'A laptop is taken, or somebody sits down before it, and knows or learns a passphrase; or a guard that had long failed was thought to work.',
    controls: ['emergency-wipe', 'emergency-ways-in', 'health-derived'],
    left: 'What flash and backups keep, a machine that was taken before anybody reacted, and whoever holds the disk while it is not encrypted.',
  },
  {
    id: 'prepares-the-machine',
    title: 'Somebody makes the machine ready for an attack',
    attacker: 'tamperer',
    story:
      'A listener that nobody declared, a program that runs from memory, a file that gives its user the rights of root, keys that anybody can read, guesses at passwords: none of it is the work of an agent, and all of it helps one.',
    controls: ['host-watched', 'posture-scans'],
    left: 'What the kernel itself hides, and what happens between two looks.',
  },
]
