import { resolve } from 'node:path'
import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'
import { confirmName } from '../confirm.ts'
import { argument, option } from '../param.ts'
import { readScan } from './pairing-scan.ts'
import { TERMS, termsOf } from './people-table.ts'

/** What a device gets when nothing is said: it may look whether all is well. */
const MINIMAL = ['monitor:read']

export const pairingApprove = command({
  name: 'pairing approve',
  about: 'let a device prove itself, or a chat sender in',
  details: [
    'You are shown the fingerprint of the key that waits under the code and type it, as the device shows it. A device gets monitor:read and nothing else unless you name a scope. It still has to prove its key before there is a token. What a camera read from its QR code carries both: nothing is typed then, and a key with another fingerprint is refused. Five wrong codes cancel every pairing that waits.',
  ],
  examples: [
    { run: 'warder pairing approve ABCD-EFGH', does: 'a device that may look' },
    {
      run: 'warder pairing approve ABCD-EFGH --scope monitor:read --scope agent:stop',
      does: 'one that may stop agents too',
    },
  ],
  args: { code: argument('the code the device or the chat shows, or what its QR code says') },
  options: { ...TERMS, confirm: option('the fingerprint, instead of typing it', { value: 'FINGERPRINT' }) },
  exits: ['denied', 'missing', 'conflict', 'unavailable'],
  async run({ code: said, confirm, ...given }, context) {
    const scan = readScan(said)
    const code = scan?.code ?? said
    const api = calls(await context.client())
    const found = await api.call('pairingLook', { code })
    const { fingerprint, name, type } = found
    const terms = termsOf(
      {
        ...given,
        workspace: given.workspace === undefined ? undefined : resolve(context.cwd, given.workspace),
      },
      MINIMAL,
    )
    const what = `${found.what} ${name} (${type}) may ${terms.scope.join(', ')}`
    if (scan !== undefined) context.out.note(what)
    await confirmName(context, fingerprint ?? name, confirm ?? scan?.fingerprint, what)
    const bound = fingerprint === undefined ? {} : { fingerprint }
    const answer = await api.call('pairingApprove', { code, ...terms, ...bound })
    context.out.result(answer, `${answer.what} ${answer.name}: ${answer.state}`)
  },
})
