import { messageOf } from '../../core/error.ts'
import type { SecretValue } from '../../platform/secret-value.ts'
import type { SecretBook } from './book.ts'
import { SecretsError } from './errors.ts'
import type { SecretRecord } from './record.ts'

/** What a provider offers whose values can be renewed by a program. Each throws when it could not. */
export interface RotationHooks {
  /** Makes a new value at the provider; the one in use goes on working. */
  create(current: SecretValue): Promise<SecretValue>
  /** Tries the value out. */
  verify(value: SecretValue, current: SecretValue): Promise<void>
  /** Ends a value at the provider. */
  revoke(old: SecretValue, current: SecretValue): Promise<void>
}

export interface Rotated {
  readonly record: SecretRecord
  /** Steps that were done, in order. */
  readonly steps: readonly string[]
}

/**
 * Create, verify, swap, revoke. Whatever step fails, one working value stays in use, and every value that may still
 * open something at the provider is still known here: a candidate that was made, an old value that was not revoked.
 * Called again it takes up where it was interrupted.
 *
 * @throws SecretsError `ROTATION_FAILED` saying which value holds
 */
export async function rotate(book: SecretBook, name: string, hooks: RotationHooks): Promise<Rotated> {
  const steps: string[] = []
  const step = async <T>(what: string, holds: string, work: () => Promise<T>): Promise<T> => {
    try {
      const result = await work()
      steps.push(what)
      return result
    } catch (cause) {
      throw failed(name, what, holds, cause)
    }
  }
  if (book.find(name).previous !== null) await revokePrevious(book, name, hooks, step)
  if (book.find(name).candidate === null) {
    await step('create', 'the value in use is as before', async () => {
      using current = await book.value(name)
      using fresh = await hooks.create(current)
      try {
        await book.propose(name, fresh)
      } catch (error) {
        // it could not be kept: then it must not go on working at the provider, where nobody would know of it
        await hooks.revoke(fresh, current)
        throw error
      }
    })
  }
  await verifyCandidate(book, name, hooks, step)
  await step('swap', 'the value in use is as before', async () => book.accept(name))
  await revokePrevious(book, name, hooks, step)
  return { record: book.find(name), steps }
}

type Step = <T>(what: string, holds: string, work: () => Promise<T>) => Promise<T>

async function verifyCandidate(
  book: SecretBook,
  name: string,
  hooks: RotationHooks,
  step: Step,
): Promise<void> {
  using current = await book.value(name)
  using fresh = await book.value(name, 'candidate')
  try {
    await step('verify', 'the value in use is as before; the new one is taken back', () =>
      hooks.verify(fresh, current),
    )
  } catch (error) {
    // a value that was made and is not used must not go on working at the provider; what cannot be revoked stays known
    const isRevoked = await hooks.revoke(fresh, current).then(
      () => true,
      () => false,
    )
    if (isRevoked) await book.drop(name, 'candidate')
    throw error
  }
}

async function revokePrevious(
  book: SecretBook,
  name: string,
  hooks: RotationHooks,
  step: Step,
): Promise<void> {
  using current = await book.value(name)
  using old = await book.value(name, 'previous')
  await step(
    'revoke',
    'the new value is in use; the old one still works at the provider and is kept here',
    () => hooks.revoke(old, current),
  )
  await book.drop(name, 'previous')
}

function failed(name: string, step: string, holds: string, cause: unknown): SecretsError {
  const why = cause instanceof SecretsError ? `: ${messageOf(cause)}` : ''
  return new SecretsError(
    'ROTATION_FAILED',
    `the step ${step} of the rotation of ${name} failed${why}; ${holds}`,
    `mend what is wrong, then: warder secret rotate ${name}`,
    { cause },
  )
}
