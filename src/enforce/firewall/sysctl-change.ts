import { closeSync, constants, openSync, readdirSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { messageOf, systemCode } from '../../core/error.ts'
import { ensurePrivateDirectory, readPrivateFile, writeFileAtomic } from '../../platform/files.ts'
import { refuse } from './errors.ts'
import { look, pathOf, type Sysctl, type SysctlTree } from './sysctl.ts'

const BeforeShape = z.record(z.string(), z.string())
type Before = Readonly<Record<string, string>>
const FILE = 'sysctl-before.json'

/** Reads and writes below `root`; a key never leads out of it. */
export function sysctlTree(root = '/proc/sys'): SysctlTree {
  const place = (key: readonly string[]): string => {
    if (key.some((part) => part === '' || part === '..' || part.includes('/'))) {
      refuse('SYSCTL_REFUSED', `${key.join('.')} is no kernel setting`, 'this is a bug in Warder')
    }
    return join(root, ...key)
  }
  return {
    read(key) {
      try {
        return readFileSync(place(key), 'utf8').trim().replaceAll(/\s+/g, ' ')
      } catch (error) {
        if (['ENOENT', 'EACCES', 'ENOTDIR'].includes(systemCode(error) ?? '')) return undefined
        throw error
      }
    },
    write(key, value) {
      // never made anew: a setting that is not there is none
      const file = openSync(place(key), constants.O_WRONLY | constants.O_TRUNC)
      try {
        writeSync(file, `${value}\n`)
      } finally {
        closeSync(file)
      }
    },
    list(key) {
      try {
        return readdirSync(place(key)).toSorted()
      } catch (error) {
        if (systemCode(error) === 'ENOENT') return []
        throw error
      }
    },
  }
}

/**
 * Writes what is not right, all of it or nothing: what was there is kept first, and put back when one is refused.
 *
 * @returns what was changed
 * @throws FirewallError `SYSCTL_REFUSED`
 */
export function applySysctls(tree: SysctlTree, directory: string, wanted: readonly Sysctl[]): string[] {
  const wrong = look(tree, wanted).filter(({ isRight }) => !isRight)
  const before = Object.fromEntries(wrong.map(({ key, found = '' }) => [key, found]))
  // the oldest value is the one to go back to, however often this is run
  keep(directory, { ...before, ...kept(directory) })
  const done: string[] = []
  for (const { key, value } of wrong) {
    try {
      tree.write(pathOf(key), value)
      done.push(key)
      if (tree.read(pathOf(key)) !== value) throw new Error('it reads otherwise afterwards')
    } catch (cause) {
      putBack(tree, Object.fromEntries(done.map((each) => [each, before[each] ?? ''])))
      refuse(
        'SYSCTL_REFUSED',
        `${key} could not be set to ${value}: ${messageOf(cause)}`,
        `leave it as it is: warder firewall sysctl apply --except ${key}`,
        { cause },
      )
    }
  }
  return done
}

/** Puts back every value that was there before. @returns which */
export function rollBackSysctls(tree: SysctlTree, directory: string): string[] {
  const before = kept(directory)
  putBack(tree, before)
  keep(directory, {})
  return Object.keys(before)
}

function putBack(tree: SysctlTree, before: Before): void {
  const failed = Object.entries(before).flatMap(([key, value]) => {
    // an interface that is gone has nothing to put back
    if (tree.read(pathOf(key)) === undefined) return []
    try {
      tree.write(pathOf(key), value)
      return []
    } catch (error) {
      return [`${key}: ${messageOf(error)}`]
    }
  })
  if (failed.length > 0)
    refuse('FIREWALL_NOT_BACK', `not put back: ${failed.join('; ')}`, 'set them by hand: sysctl -w KEY=VALUE')
}

function kept(directory: string): Before {
  const path = join(directory, FILE)
  const bytes = readPrivateFile(path)
  if (bytes === undefined) return {}
  try {
    return BeforeShape.parse(JSON.parse(bytes.toString('utf8')))
  } catch (cause) {
    return refuse(
      'FIREWALL_STATE',
      `${path} does not hold what Warder wrote`,
      'look at it; it holds the values to go back to',
      { where: path, cause },
    )
  }
}

function keep(directory: string, before: Before): void {
  ensurePrivateDirectory(directory)
  writeFileAtomic(join(directory, FILE), `${JSON.stringify(before)}\n`)
}
