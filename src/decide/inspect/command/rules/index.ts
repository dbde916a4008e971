import type { Rule } from '../rule.ts'
import { EXEC_BUILD } from './exec-build.ts'
import { EXEC_DESKTOP } from './exec-desktop.ts'
import { EXEC_NET } from './exec-net.ts'
import { EXEC_PROJECT } from './exec-project.ts'
import { EXEC_SERVICE } from './exec-service.ts'
import { EXEC_SYSTEM } from './exec-system.ts'
import { EXEC_TOOLS } from './exec-tools.ts'
import { FILES } from './file.ts'
import { HARM } from './harm.ts'

/** Every rule about a program and its arguments. */
export const RULES: readonly Rule[] = [
  ...HARM,
  ...EXEC_TOOLS,
  ...EXEC_BUILD,
  ...EXEC_SYSTEM,
  ...EXEC_NET,
  ...EXEC_SERVICE,
  ...EXEC_DESKTOP,
  ...EXEC_PROJECT,
  ...FILES,
]
