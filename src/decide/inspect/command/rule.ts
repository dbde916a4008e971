import type { RiskLevel } from '../../../core/risk.ts'

/** Languages whose inline programs are looked into. */
export type Language =
  | 'shell'
  | 'python'
  | 'javascript'
  | 'perl'
  | 'ruby'
  | 'php'
  | 'lua'
  | 'awk'
  | 'sql'
  | 'vim'
  | 'lisp'
  | 'gdb'
  | 'tcl'
  | 'r'
  | 'java'
  | 'other'

/** One row of a table: what a program can be made to do, and what tells that it is. All that is named must hold. */
export interface Rule {
  readonly id: string
  readonly risk: RiskLevel
  readonly note: string
  /** The programs, in one text, by their plain names. */
  readonly of: string
  /** The subcommand is one of these; several words are joined by a dot: `config.set`. */
  readonly sub?: string
  /** One of these options is given. Short ones are found in clusters as well, long ones when abbreviated. */
  readonly option?: string
  /** What the value of the option, or without an option any argument, looks like. */
  readonly value?: RegExp
  /** The same arguments, joined by blanks. */
  readonly line?: RegExp
  readonly unless?: RegExp
  /** The value is a command or a program of this kind: it is rated itself, and one of low risk makes this one medium. */
  readonly runs?: Language | 'program' | 'words'
  /** Values that are known to be harmless. */
  readonly safe?: RegExp
  /** Only when no operand is given. */
  readonly isBare?: boolean
}
