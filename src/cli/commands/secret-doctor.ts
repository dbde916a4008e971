import { calls } from '../../client/calls.ts'
import { formatDuration } from '../../core/quantity.ts'
import type { Context } from '../command.ts'

interface SecretCheck {
  readonly check: string
  readonly state: 'ok' | 'warn' | 'fail'
  readonly why: string
  readonly fix?: string
}

/** What the doctor says of secrets: whether the store can be used, who else could reach it, and which values are old. */
export async function secretChecks(context: Context): Promise<SecretCheck[]> {
  try {
    const api = calls(await context.client({ start: false }))
    const [{ secrets, problems }, { findings }] = [
      await api.call('secretList', {}),
      await api.call('secretPaths', { fix: false }),
    ]
    if (secrets.length + problems.length === 0) return []
    const old = secrets.filter(({ state }) => state === 'due' || state === 'disabled')
    const check = 'secrets'
    return [
      ...problems.map((why): SecretCheck => ({ check, state: 'fail', why, fix: 'warder secret list' })),
      ...findings.map(({ path, why }): SecretCheck => ({
        check,
        state: 'fail',
        why: `${path}: ${why}`,
        fix: 'warder secret check --modes --fix',
      })),
      ...old.map(({ name, state, valueSince, disabled }): SecretCheck => {
        const age = formatDuration(Math.max(0, context.clock.now() - Date.parse(valueSince)))
        return state === 'due'
          ? { check, state: 'warn', why: `${name} is ${age} old`, fix: `warder secret rotate ${name}` }
          : {
              check,
              state: 'warn',
              why: `${name} is out of use: ${disabled?.why ?? ''}`,
              fix: `warder secret bind ${name} --enable`,
            }
      }),
      ...(problems.length + findings.length + old.length === 0
        ? [{ check, state: 'ok' as const, why: `${secrets.length} kept, none too old` }]
        : []),
    ]
  } catch {
    return [] // that there is no daemon is said elsewhere
  }
}
