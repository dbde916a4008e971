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
  {
    id: 'principals-authentic',
    title: 'Only the authenticator says who asks',
    layer: 'decide',
    promise:
      'A principal is frozen and known by the object itself: one that was written by hand or copied is refused when it is decided on, and each run has an identity bound to its user and the bytes of its program.',
    limits:
      'It believes what the kernel says of a peer; a program that runs as you outside a sandbox is you.',
    module: 'src/decide/identity/identity.ts',
    tests: ['src/decide/identity/identity.test.ts', 'test/attacks/identity.test.ts'],
  },
  {
    id: 'owner-passphrase',
    title: 'What loosens something can need a passphrase',
    layer: 'decide',
    promise:
      'Where a passphrase is set, lifting a stop, a changed policy, wide grants, inviting and pairing need it given a short time ago; guessing is slow, and a restart forgets no failure.',
    limits: 'Without one it asks nothing; a program that runs as you can use your session while it lasts.',
    module: 'src/decide/identity/owner.ts',
    tests: ['src/decide/identity/owner.test.ts', 'test/attacks/identity.test.ts'],
  },
  {
    id: 'guests-and-devices-proven',
    title: 'Guests and devices prove their key on each request',
    layer: 'decide',
    promise:
      'Nobody is let in without an invitation or a code that the owner approved; each request is signed by a key that never leaves its holder, counts once, and is decided under its own name and scope. Of a chat sender nothing is read before that, and its messages are signed by their bridge.',
    limits:
      'Whoever holds the key file of a guest or device is that guest or device until it is revoked; a chat bridge is believed about who wrote.',
    module: 'src/decide/identity/member.ts',
    tests: [
      'src/decide/identity/member.test.ts',
      'src/decide/identity/pairing.test.ts',
      'src/decide/identity/sender.test.ts',
      'test/attacks/pairing.test.ts',
    ],
  },
  {
    id: 'capability-tokens',
    title: 'A capability token is for one task of one agent, once',
    layer: 'decide',
    promise:
      'Every field is sealed, it ends, and it opens nothing for another agent, a second time, after a restart that saw it spent, or after the policy changed.',
    limits:
      'Spent, it is a grant like others until it ends; what the agent does in that time is for the policy to bound.',
    module: 'src/decide/identity/slip.ts',
    tests: ['src/decide/identity/slip.test.ts', 'test/attacks/tokens.test.ts'],
  },
  {
    id: 'people-sealed',
    title: 'A changed book of people lets nobody in',
    layer: 'decide',
    promise:
      'Rows that were altered, removed or put back, and a file older than the ledger knows, are seen at the start; then no guest, device or session counts, and what needs the passphrase is refused.',
    limits:
      'A program that runs as you outside a sandbox can begin a new book; that is on record as critical.',
    module: 'src/decide/identity/book.ts',
    tests: [
      'src/decide/identity/book.test.ts',
      'src/decide/identity/store.test.ts',
      'test/attacks/identity.test.ts#a book of people',
    ],
  },
  {
    id: 'approval-bound',
    title: 'What a person saw is what runs, once',
    layer: 'decide',
    promise:
      'A question is frozen and recorded before it is shown; an answer holds for exactly that, counts once, comes from nobody who asked, and nothing runs whose program or script changed since.',
    limits: 'It cannot make a careless yes careful, nor know what a program does that is allowed to run.',
    module: 'src/decide/approval/desk.ts',
    tests: [
      'src/decide/approval/desk.test.ts',
      'test/attacks/approval.test.ts',
      'test/attacks/approval-expiry.test.ts',
    ],
  },
  {
    id: 'approval-never-hangs',
    title: 'No answer is a no',
    layer: 'decide',
    promise:
      'While nobody can be asked a question is a no at once; a question ends at its time, when the last one who could answer goes away, and when whoever asked does; at most five of one agent wait, and ten in all.',
    limits: 'Whoever watches and answers nothing keeps the agent waiting until the time is over.',
    module: 'src/daemon/approvals.ts',
    tests: [
      'test/attacks/approval.test.ts#while nobody watches',
      'test/attacks/approval.test.ts#when whoever watches goes away',
      'test/attacks/approval.test.ts#an asker that is killed',
      'test/attacks/approval.test.ts#a flood of questions',
      'test/attacks/approval-expiry.test.ts',
    ],
  },
  {
    id: 'approval-twice',
    title: 'Dangerous things need a second yes',
    layer: 'decide',
    promise:
      'High risk, and whatever changes trust, exports data, widens what is possible or changes what guards, is shown twice and confirmed by a word of the second display; it is never allowed for longer, and never from afar.',
    limits: 'Both may be given by the same person.',
    module: 'src/decide/approval/answer.ts',
    tests: [
      'src/decide/approval/desk.test.ts#what is high risk',
      'test/attacks/approval.test.ts#what is dangerous',
      'src/daemon/approvals-webhook.test.ts#a yes from afar',
    ],
  },
  {
    id: 'approval-from-afar',
    title: 'A yes from afar is its own, and never a dangerous one',
    layer: 'decide',
    promise:
      'A webhook answers as itself and nothing that needs a second yes or a passphrase; a paired device looks and answers only where its scope says so, never what it asked itself, and what is dangerous only with the owner’s passphrase; a guest answers nothing.',
    limits: 'A device that was taken says yes to what is not dangerous until it is revoked.',
    module: 'src/daemon/http/people-approvals.ts',
    tests: ['test/attacks/approval-afar.test.ts', 'src/decide/approval/answer.test.ts'],
  },
  {
    id: 'budgets-and-rates',
    title: 'An agent does no more, and no faster, than it was given',
    layer: 'decide',
    promise:
      'What an agent may use up and how often it may act is checked before anybody is asked and counted with what is allowed; neither a restart nor a crash gives anything back, and budgets that were changed or put back leave no agent anything.',
    limits:
      'Tokens, money and output count as they are reported. What was used since the budgets were last set can be put back by a program that runs as you outside a sandbox.',
    module: 'src/daemon/spending.ts',
    tests: [
      'test/attacks/approval-budget.test.ts',
      'src/decide/approval/budget.test.ts',
      'src/decide/approval/rate.test.ts',
    ],
  },
  {
    id: 'allowance-narrow',
    title: 'An allowance names programs by what is in them',
    layer: 'decide',
    promise:
      'What is allowed for good is one command of one agent in one place, with each program by its SHA-256; a changed binary or another one in the PATH asks again, and a changed or shortened book of allowances allows nothing.',
    limits: 'Programs that do what files of the workspace say do other things when those change.',
    module: 'src/decide/approval/allowance.ts',
    tests: [
      'src/decide/approval/allowance.test.ts',
      'src/decide/approval/pattern.test.ts',
      'test/attacks/approval.test.ts#an allowance asks again',
      'test/attacks/approval.test.ts#after a restart',
    ],
  },
  {
    id: 'trust-in-stages',
    title: 'Trust is earned by one code, and lost at once',
    layer: 'decide',
    promise:
      'An agent named as staged starts without a question only after enough good runs on enough days, and until then asks for what it does; a failure, a reach for secrets, or other code, interpreter or sandbox asks again.',
    limits: 'Agents that are not named as staged start without it.',
    module: 'src/decide/approval/trust.ts',
    tests: [
      'src/decide/approval/trust.test.ts',
      'src/decide/approval/escalation.test.ts',
      'test/attacks/approval-trust.test.ts',
    ],
  },
  {
    id: 'command-risk',
    title: 'A command is rated by what it would do, not by its name',
    layer: 'decide',
    promise:
      'Every command an agent asks for is read as a shell reads it, through wrappers, encodings and scripts; what cannot be read is never low, high waits for a person, and critical is refused.',
    limits:
      'A tripwire with measured figures: code in files is looked through, not understood, and what it misses the sandbox must hold.',
    module: 'src/decide/inspect/command/rate.ts',
    tests: [
      'test/attacks/command-risk.test.ts',
      'src/decide/inspect/command/command.test.ts',
      'src/decide/inspect/command/rules.test.ts',
      'src/decide/inspect/command/fuzz.test.ts',
    ],
  },
]
