import type { Control } from '../control.ts'

export const GATE_CONTROLS: readonly Control[] = [
  {
    id: 'permit-single-use',
    title: 'A permit opens one door once',
    layer: 'gate',
    promise:
      'An allow is spent by the first act: replaying a permit, altering it, or using it after its time opens nothing.',
    limits: 'It does not limit what one permitted command does inside its sandbox; the profile does.',
    module: 'src/gate/permits.ts',
    tests: [
      'test/attacks/permit.test.ts',
      'src/gate/gate.test.ts#a permit opens its door once',
      'src/gate/gate.test.ts#a permit expires',
      'src/gate/gate.test.ts#a copy of a permit',
      'src/gate/gate.test.ts#a token finds its permit only',
    ],
  },
  {
    id: 'permit-bound',
    title: 'A permit is bound to what was decided',
    layer: 'gate',
    promise:
      'A permit holds for one principal, one door and the exact bytes of the action; anything else is refused and recorded.',
    limits: 'It says nothing about what the permitted program itself chooses to do with its input.',
    module: 'src/gate/permits.ts',
    tests: [
      'test/attacks/permit.test.ts',
      'src/gate/gate.test.ts#a permit for other bytes or another door',
      'src/gate/gate.test.ts#a permit of another gate',
    ],
  },
  {
    id: 'permit-rejudged',
    title: 'A newer no beats an older yes',
    layer: 'gate',
    promise:
      'When a permit is spent the gate judges again, so a revocation, a new rule or a stop that came in between wins.',
    limits: 'An act that has begun is not undone; stopping it is what the emergency stop is for.',
    module: 'src/gate/permits.ts',
    tests: [
      'test/attacks/permit.test.ts',
      'src/gate/gate.test.ts#a stop or a new rule that came while',
      'src/gate/gate.test.ts#policy that changed between decision and act',
      'src/gate/gate.test.ts#a stop between decision and act',
    ],
  },
  {
    id: 'record-before-act',
    title: 'Nothing happens that is not written down first',
    layer: 'gate',
    promise:
      'The verdict is in the ledger before anyone acts; when it cannot be written, nothing of medium risk or above is allowed.',
    limits:
      'While the ledger is down low-risk acts go on without an entry, and status says so; what a command does inside is not all recorded.',
    module: 'src/gate/record.ts',
    tests: [
      'test/attacks/ledger-full.test.ts',
      'test/attacks/daemon-kill.test.ts',
      'src/gate/gate.test.ts#an allow carries a permit and was written down first',
      'src/gate/gate.test.ts#whichever room throws',
      'src/gate/gate.test.ts#with the ledger down',
    ],
  },
]
