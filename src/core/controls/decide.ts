import type { Control } from '../control.ts'

export const DECIDE_CONTROLS: readonly Control[] = [
  {
    id: 'zero-default',
    title: 'Nothing is allowed by default',
    layer: 'decide',
    promise: 'An agent without a rule or a grant may do nothing, and the refusal names the rule `default`.',
    limits: 'A rule that allows too much is still obeyed; `warder policy check` points at some of them.',
    module: 'src/decide/policy/weigh.ts',
    tests: [
      'test/attacks/policy-bypass.test.ts',
      'src/decide/policy/decide.test.ts#without a policy and without grants',
      'test/attacks/box-files.test.ts#without the grant the same directory',
    ],
  },
  {
    id: 'hard-exclusions',
    title: 'Some things stay closed whatever the policy says',
    layer: 'decide',
    promise:
      "No rule, grant or role opens private keys, password stores, the system's shadow files or Warder's own keys and records.",
    limits:
      'It knows these places by path; a secret kept elsewhere, or copied there, needs a rule of its own.',
    module: 'src/decide/policy/exclusion.ts',
    tests: [
      'test/attacks/policy-bypass.test.ts',
      'test/attacks/grants.test.ts',
      'src/decide/policy/exclusion.test.ts',
    ],
  },
  {
    id: 'explicit-deny',
    title: 'A deny beats every allow',
    layer: 'decide',
    promise:
      'When a deny matches, no order of rules, no grant and no role preset turns the answer into an allow.',
    limits:
      'The owner is bound by a deny only where it names the role owner; a deny by path covers the path it names.',
    module: 'src/decide/policy/weigh.ts',
    tests: [
      'test/attacks/policy-bypass.test.ts',
      'src/decide/policy/decide.test.ts#the strictest matching rule wins',
      'src/decide/policy/decide.test.ts#an explicit deny holds',
      'src/decide/policy/decide.test.ts#adding a deny never allows',
    ],
  },
  {
    id: 'grants-signed',
    title: 'Grants are signed, expire, and can be taken back',
    layer: 'decide',
    promise:
      'A grant counts only with a valid signature of this host, between its two times, for its own agent, until it is revoked.',
    limits: 'Whoever can read the signing key can write grants; the key file is for its owner alone.',
    module: 'src/decide/policy/grant.ts',
    tests: [
      'test/attacks/grants.test.ts',
      'src/decide/policy/grant.test.ts',
      'src/decide/policy/store.test.ts',
      'src/decide/policy/decide.test.ts#a grant is used by its principal alone',
    ],
  },
  {
    id: 'policy-all-or-nothing',
    title: 'A policy with an error is refused as a whole',
    layer: 'decide',
    promise:
      'An unknown key, a wrong value or a duplicate refuses the file with line and column; the old policy stays in force.',
    limits:
      'It checks form and reach, not whether the rules say what their author meant; `warder policy test` does that.',
    module: 'src/decide/policy/read.ts',
    tests: [
      'test/attacks/policy-files.test.ts',
      'src/decide/policy/read.test.ts#every hostile file is refused',
      'src/decide/policy/read.test.ts#what is too large, not UTF-8',
    ],
  },
]
