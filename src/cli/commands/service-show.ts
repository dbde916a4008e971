import { command } from '../command.ts'
import { CliError, CLI_ERRORS } from '../failure.ts'
import { readOwnUnit, servicePlace } from '../service.ts'

export const serviceShow = command({
  name: 'service show',
  about: 'print the installed unit',
  examples: [{ run: 'warder service show', does: 'what systemd was told' }],
  exits: ['missing', 'conflict'],
  async run(_input, { config, out, home }) {
    const { scope, path } = servicePlace(config, home)
    const unit = readOwnUnit(path)
    if (unit === undefined) {
      throw new CliError(CLI_ERRORS, 'SERVICE_MISSING', {
        what: 'the service is not installed',
        fix: 'install it: warder service install; or look first: warder service install --dry-run',
        where: path,
      })
    }
    out.result({ path, scope, unit }, unit.trimEnd())
  },
})
