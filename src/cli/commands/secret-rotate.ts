import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'
import { CLI_ERRORS, CliError } from '../failure.ts'
import { argument, flag } from '../param.ts'
import { secretLines } from './secret-terms.ts'
import { FD_OPTION, valueFrom } from './secret-value.ts'

export const secretRotate = command({
  name: 'secret rotate',
  about: 'change the value of a secret without a moment in which none works',
  details: [
    'With a program (--hook of warder secret set) it goes by itself: the program makes a new value, verifies it, Warder swaps, the program revokes the old one. Whatever step fails, one value works, and the message says which; the next call takes it up again.',
    'Without a program Warder can only remind you: make a new value at its service, give it here, and when it works say --verified. Until then --back goes back to the one before.',
  ],
  examples: [
    { run: 'warder secret rotate db-password', does: 'by its program, or asks for the new value' },
    {
      run: 'warder secret rotate github-token --verified',
      does: 'the new value works: forget the one before',
    },
  ],
  args: { name: argument('the secret') },
  options: {
    fd: FD_OPTION,
    verified: flag('the new value works: forget the one before'),
    back: flag('use the value before again, and forget the new one'),
    abort: flag('give up a rotation that was begun and not ended'),
  },
  exits: ['denied', 'missing', 'conflict', 'unavailable'],
  async run({ name, fd, verified, back, abort }, context) {
    const wanted = { verified, back, abort }
    const steps = (['verified', 'back', 'abort'] as const).filter((each) => wanted[each])
    const step = steps[0] ?? 'run'
    if (steps.length > 1) {
      throw new CliError(CLI_ERRORS, 'USAGE', {
        what: `--${steps.join(' and --')} cannot be together`,
        fix: 'say one of them',
      })
    }
    const api = calls(await context.client())
    const given =
      step === 'run' && (await needsValue()) ? await valueFrom(context, fd, `the new value of ${name}`) : ''
    const answer = await api.call('secretRotate', { name, step, ...(given === '' ? {} : { value: given }) })
    context.out.result(answer, `${secretLines(answer.secret)}\ndone    ${answer.steps.join(', ')}`)
    if (answer.secret.hasPrevious)
      context.out.note(`when the new value works: warder secret rotate ${name} --verified`)

    async function needsValue(): Promise<boolean> {
      if (fd !== undefined) return true
      const { secrets } = await api.call('secretList', {})
      const found = secrets.find((each) => each.name === name)
      const isFilled = found?.store === 'environment' || found?.store === 'command'
      return found !== undefined && found.hook === undefined && !isFilled // what is not there the daemon says
    }
  },
})
