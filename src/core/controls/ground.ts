import type { Control } from '../control.ts'

export const GROUND_CONTROLS: readonly Control[] = [
  {
    id: 'socket-closed-to-others',
    title: 'Only you reach the daemon',
    layer: 'ground',
    promise:
      'The socket is open to its owner alone from its first moment, the kernel is asked who calls, and both ends prove that they hold the same secret.',
    limits: 'Another program that runs as you, outside a sandbox, can read the secret and act as you.',
    module: 'src/daemon/socket.ts',
    tests: ['test/attacks/socket.test.ts', 'src/daemon/socket.test.ts', 'src/daemon/socket.process.test.ts'],
  },
  {
    id: 'no-code-from-strings',
    title: 'Injected text never becomes code',
    layer: 'ground',
    promise: 'Warder runs with code generation from strings and the prototype accessor switched off.',
    limits:
      'It covers the programs of Warder, not the agents, which run what they like inside their sandbox.',
    module: 'bin/warder',
    tests: ['test/journeys/daemon.test.ts', 'test/hardening.test.ts'],
  },
  {
    id: 'settings-strict',
    title: 'A wrong setting stops the start',
    layer: 'ground',
    promise: 'An unknown key or a bad value is an error with file, line and column, never a default.',
    limits: 'A setting that is well formed but unwise is obeyed.',
    module: 'src/platform/config.ts',
    tests: ['test/journeys/config.test.ts', 'src/platform/config.test.ts'],
  },
  {
    id: 'daemon-memory-closed',
    title: 'Nobody of your user looks into the daemon',
    layer: 'ground',
    promise:
      'No program of the same user can trace the daemon, read its memory or environment, get a core dump of it, or make it open a debugger; shared secrets lie in memory that is never swapped out, and is unreadable even for root where the kernel has such memory.',
    limits:
      'Root can do all but the last. Signing keys lie where Node’s crypto keeps them. Key files on the disk are open to every program of your user that runs outside a sandbox.',
    module: 'src/daemon/own-memory.ts',
    tests: [
      'test/attacks/daemon-memory.test.ts',
      'src/platform/locked-memory.process.test.ts',
      'src/platform/locked-memory-secret.test.ts',
    ],
  },
]
