import type { Capability } from '../../core/capability.ts'
import { PolicyError } from './error.ts'

/** Values for `${HOME}` and `${WORKSPACE}` in path patterns; a workspace may be several directories, or none. */
export interface Variables {
  readonly HOME?: string
  readonly WORKSPACE?: readonly string[]
}

/**
 * The capability with `${HOME}` and `${WORKSPACE}` filled in: one for each workspace, none without.
 *
 * @throws PolicyError `PATTERN_INVALID` for any other variable, one that has no value, or one that is not in a path
 */
export function expand(capability: Capability, variables: Variables): Capability[] {
  const { pattern } = capability
  if (pattern === undefined || !pattern.includes('${')) return [capability]
  const workspaces = pattern.includes('${WORKSPACE}') ? (variables.WORKSPACE ?? []) : ['']
  return workspaces.map((workspace) => ({
    ...capability,
    pattern: pattern.replace(/\$\{([^}]*)\}?/g, (written, variable: string, at: number) => {
      const value = variable === 'WORKSPACE' ? workspace : variable === 'HOME' ? variables.HOME : undefined
      if (value === undefined || at !== 0 || !written.endsWith('}')) {
        throw new PolicyError('PATTERN_INVALID', {
          what: `the pattern ${JSON.stringify(pattern)} has ${written}, which has no value there`,
          fix: 'begin the pattern with ${HOME} or ${WORKSPACE}, or write the path out',
        })
      }
      if (!isPlainPath(value)) {
        throw new PolicyError('PATTERN_INVALID', {
          what: `${written} is ${JSON.stringify(value)}, which cannot stand in a pattern`,
          fix: 'use an absolute path without stars or empty components',
        })
      }
      return value === '/' ? '' : value
    }),
  }))
}

/** Whether a path can be put into a pattern and still mean itself alone. */
export function isPlainPath(path: string): boolean {
  return path === '/' || (/^(?:\/[^/*\\\u0000-\u001f\u007f]+)+$/.test(path) && !/\/\.\.?(?:\/|$)/.test(path))
}
