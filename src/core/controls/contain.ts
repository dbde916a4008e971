import type { Control } from '../control.ts'

export const CONTAIN_CONTROLS: readonly Control[] = [
  {
    id: 'emergency-stop',
    title: 'Stop ends everything at once',
    layer: 'contain',
    promise:
      'One command refuses new acts, cancels open permits and kills what runs, also while the daemon does not answer; it counts what is left.',
    limits:
      'What was already sent or written stays; acts of programs that Warder did not start are not ended.',
    module: 'src/contain/stop/stop.ts',
    tests: [
      'test/attacks/stop.test.ts',
      'test/attacks/stop-file.test.ts',
      'src/contain/stop/store.process.test.ts#stops made by several',
      'src/contain/stop/stop.test.ts#a stop holds',
      'src/contain/stop/stop.test.ts#a store sees at once',
      'src/contain/stop/stop.test.ts#a stop file that cannot be understood',
      'src/contain/stop/stop.test.ts#a stopped agent',
      'src/contain/stop/stop.test.ts#a run that cannot be killed',
      'src/gate/gate.test.ts#cancelled permits open nothing',
    ],
  },
  {
    id: 'manual-mode',
    title: 'Manual mode holds every agent',
    layer: 'contain',
    promise:
      'While it is on, no agent may do or start anything, until the owner resumes all of them; lifting the stop of one is not enough.',
    limits: 'The owner goes on working; what the owner does in the meantime is not held.',
    module: 'src/contain/stop/stop.ts',
    tests: ['test/attacks/stop.test.ts', 'src/contain/stop/stop.test.ts#manual mode'],
  },
  {
    id: 'question-limit',
    title: 'An agent cannot drown the record in questions',
    layer: 'contain',
    promise:
      'An agent that asks more often than its limit is refused, with one entry for a whole burst, and the owner is served meanwhile.',
    limits:
      'It counts questions to Warder; what a program does inside its sandbox is limited by its profile.',
    module: 'src/daemon/rate.ts',
    tests: ['test/attacks/stop-flood.test.ts', 'src/daemon/rate.test.ts'],
  },
]
