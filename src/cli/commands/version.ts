import { HANDSHAKE_VERSION } from '../../api/handshake.ts'
import { command } from '../command.ts'
import { installedVersion } from '../../platform/version.ts'

export const version = command({
  name: 'version',
  about: 'print the version of Warder, of Node and of the protocols',
  examples: [
    { run: 'warder --version', does: 'the version alone' },
    { run: 'warder version --json', does: 'with commit, Node and protocol versions' },
  ],
  needsConfig: false,
  async run(_input, { out }) {
    const installed = installedVersion()
    const all = {
      ...installed,
      node: process.versions.node,
      executable: process.execPath,
      sqlite: process.versions['sqlite'] ?? 'unknown',
      platform: `${process.platform}-${process.arch}`,
      protocols: { handshake: HANDSHAKE_VERSION },
    }
    const commit = installed.commit === undefined ? 'from sources' : `commit ${installed.commit}`
    out.result(
      all,
      [
        `warder ${installed.version} (${commit})`,
        `node ${all.node} at ${all.executable}`,
        `sqlite ${all.sqlite}, handshake ${HANDSHAKE_VERSION}, ${all.platform}`,
      ].join('\n'),
    )
  },
})
