import type { Control } from '../control.ts'

/** What is promised of the secrets that are kept. */
export const SECRET_CONTROLS: readonly Control[] = [
  {
    id: 'secrets-sealed',
    title: 'Kept secrets are sealed, and what was altered is not believed',
    layer: 'enforce',
    promise:
      'Each value is sealed for its name and version; swapped, cut, linked or open files, and an older state put back, are refused, and nothing is written over them.',
    limits:
      'With the key file alone, whoever copies both it and the store has the values; a passphrase or a key file elsewhere protects a copy of both.',
    module: 'src/enforce/secrets/vault.ts',
    tests: [
      'test/attacks/secrets.test.ts',
      'src/enforce/secrets/book.test.ts',
      'src/enforce/secrets/store.test.ts',
    ],
  },
  {
    id: 'secrets-never-shown',
    title: 'An agent uses a secret and never sees it',
    layer: 'enforce',
    promise:
      'No call of an agent answers about secrets; one is lent to the way out of a run only when it is kept for that agent, granted to it, and bound to the host, each lending on record. Values are in no argument, environment, log or error.',
    limits: 'A program that runs as you outside any sandbox can ask as you.',
    module: 'src/daemon/secrets-bindings.ts',
    tests: ['src/daemon/secrets-bindings.test.ts', 'test/attacks/secrets.test.ts'],
  },
  {
    id: 'secrets-rotated',
    title: 'A rotation leaves one value that works',
    layer: 'enforce',
    promise:
      'Create, verify, swap, revoke: whatever step fails or is interrupted, the value in use works, and every value that may still open something is known.',
    limits: 'Where a service has no way for programs, Warder reminds and rotates nothing.',
    module: 'src/enforce/secrets/rotation.ts',
    tests: ['src/enforce/secrets/rotation.test.ts'],
  },
  {
    id: 'secrets-not-committed',
    title: 'A commit with a secret in it is refused',
    layer: 'decide',
    promise:
      'In a repository that was set up, what is about to be committed is read as git would write it, and a commit in which a secret is found, or that cannot be looked at, is not made. Nothing that the repository names is run meanwhile.',
    limits:
      'Whoever commits can pass hooks by; a pipeline has to look again. What no rule knows is not found.',
    module: 'src/cli/commands/scan-repository.ts',
    tests: ['test/journeys/git.test.ts'],
  },
]
