import { openKeys } from '../../record/sign/index.ts'
import { command } from '../command.ts'

export const mcpReceiptsKey = command({
  name: 'mcp receipts key',
  about: 'print the public keys receipts are signed with',
  details: ['The active key first, then those it replaced. With them anybody can verify receipts anywhere.'],
  examples: [{ run: 'warder mcp receipts key > receipts.pem', does: 'for warder mcp receipts verify --key' }],
  exits: ['missing'],
  run(_input, { config, out }) {
    const keys = openKeys(config.values['paths.keys'], { create: false })
      .publicKeys('receipt')
      .map(({ id, state, publicKey }) => ({
        ...{ id, state },
        pem: String(publicKey.export({ format: 'pem', type: 'spki' })),
      }))
    out.result({ keys }, keys.map(({ pem }) => pem.trimEnd()).join('\n'))
    return Promise.resolve()
  },
})
