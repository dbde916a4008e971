import { resolve } from 'node:path'
import type { SecretAnswer } from '../../api/secrets.ts'
import type { Context } from '../command.ts'
import { localTime } from '../out.ts'
import {
  choiceOption,
  durationOption,
  flag,
  integerOption,
  manyOption,
  option,
  type ParamValues,
} from '../param.ts'

/** What `secret set` and `secret bind` say of a secret. */
export const TERM_OPTIONS = {
  host: manyOption(
    'a host it may be sent to, such as api.example.com or *.example.com:8443; all of them, each time',
    {
      value: 'HOST',
    },
  ),
  for: manyOption('an agent that may use it; all of them, each time', { value: 'AGENT', completes: 'agent' }),
  place: manyOption('where in a request it may stand: header (default), query, path, body', {
    value: 'PLACE',
  }),
  uses: integerOption('how often one run may use it; 0: without a number', 0, 1_000_000_000),
  plainHttp: flag('it may go over plain HTTP too, for a service on this machine'),
  signingKeyId: option('the id of the key whose secret half this is, for requests that are signed with it', {
    value: 'ID',
  }),
  rotateAfter: durationOption('how old a value may become (default: 30d)'),
  hook: option('a program that makes, verifies and revokes values; empty: none', {
    value: 'PROGRAM',
    completes: 'file',
  }),
  automatic: choiceOption('whether the daemon rotates it by itself when its time has come', ['yes', 'no']),
  source: option('where the value is to be had again, in words', { value: 'TEXT' }),
} as const

type TermValues = ParamValues<typeof TERM_OPTIONS>
type Place = SecretAnswer['places'][number]

export function termsOf(given: TermValues, { cwd }: Pick<Context, 'cwd'>) {
  const { host, place, uses, plainHttp, signingKeyId, rotateAfter, hook, automatic, source } = given
  return {
    ...(host.length === 0 ? {} : { hosts: [...host] }),
    ...(given.for.length === 0 ? {} : { principals: [...given.for] }),
    ...(place.length === 0 ? {} : { places: [...place] as Place[] }), // the daemon refuses what is none
    ...(uses === undefined ? {} : { uses }),
    ...(plainHttp ? { plainHttp } : {}),
    ...(signingKeyId === undefined ? {} : { signingKeyId }),
    ...(rotateAfter === undefined ? {} : { rotateAfter: `${rotateAfter}ms` }),
    ...(hook === undefined ? {} : { hook: hook === '' ? '' : resolve(cwd, hook) }),
    ...(automatic === undefined ? {} : { automatic: automatic === 'yes' }),
    ...(source === undefined ? {} : { source }),
  }
}

/** One secret for people. */
export function secretLines(secret: SecretAnswer): string {
  const lines: (readonly [string, string | undefined])[] = [
    ['name', secret.name],
    ['state', secret.disabled === undefined ? secret.state : `disabled: ${secret.disabled.why}`],
    ['store', secret.entry === undefined ? secret.store : `${secret.store}, as ${secret.entry}`],
    ['value', `version ${secret.version}, since ${localTime(Date.parse(secret.valueSince))}`],
    ['due', localTime(Date.parse(secret.dueAt))],
    ['hosts', secret.hosts.join(', ') || 'none: it can be sent nowhere'],
    ['for', secret.principals.join(', ') || 'nobody: no agent may use it'],
    ['places', secret.places.join(', ')],
    ['uses', secret.uses === undefined ? undefined : `${secret.uses} in one run`],
    ['signs', secret.signingKeyId],
    [
      'hook',
      secret.hook === undefined ? undefined : `${secret.hook}${secret.automatic ? ', by itself' : ''}`,
    ],
    ['source', secret.source],
    [
      'before',
      secret.hasPrevious ? 'the value before is kept until: warder secret rotate NAME --verified' : undefined,
    ],
  ]
  return lines.flatMap(([name, text]) => (text === undefined ? [] : [`${name.padEnd(8)}${text}`])).join('\n')
}
