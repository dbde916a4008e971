/** What `policy init` writes: strict enough for production, with each choice explained beside it. */
export const STARTER_POLICY = `# Who may do what. Nothing is allowed unless a line here, or a grant, says so.
# Check it with: warder policy check      Try it with: warder policy explain
version: 1

defaults:
  # How long a grant lasts when nothing is said, and the longest one. No grant lasts longer than 24h.
  grant_duration: 10m
  max_grant_duration: 8h
  # The most sensitive data an agent may handle when it has no ceiling of its own: low, medium, high.
  sensitivity_ceiling: low
  # From this risk on, even what is allowed asks a person. Critical actions are refused to agents in any case.
  ask_at_least: high
  # Who may give and take back grants.
  grantors: [owner]

agents:
  # One entry per agent. role_preset gives it a ready-made set: system, network, security, monitor, package,
  # or task, which is the empty one.
  builder:
    description: works on the code in its own workspace
    role_preset: task
    # Not held, but a person may be asked for it.
    may_request:
      - net:connect:registry.example.org:443
    ceiling: low

# The strictest matching rule wins: deny before ask before allow, wherever they stand.
# In paths, * is one component or part of one, and ** is any number: /a/** covers /a and all below it.
rules:
  - id: own-workspace
    agents: ["*"]
    effect: allow
    capabilities:
      - fs:read:\${WORKSPACE}/**
      - fs:list:\${WORKSPACE}/**
      - fs:write:\${WORKSPACE}/**
      - fs:mkdir:\${WORKSPACE}/**
      - fs:delete:\${WORKSPACE}/**
    reason: an agent works in its own workspace

  - id: no-settings-of-tools
    agents: ["*"]
    effect: deny
    capabilities:
      - fs:write:\${WORKSPACE}/.git/hooks/**
      - fs:write:\${WORKSPACE}/.git/config
      - fs:write:\${WORKSPACE}/.vscode/**
    reason: these files run commands outside the sandbox later

  - id: programs
    agents: ["*"]
    effect: allow
    capabilities:
      - process:spawn:/usr/bin/*
      - process:spawn:/bin/*
      - process:list
    reason: ordinary programs, inside the sandbox

  - id: session-tools
    agents: ["*"]
    effect: allow
    capabilities:
      - tool:call:TodoWrite
      - tool:call:TodoRead
      - tool:call:TaskCreate
      - tool:call:TaskGet
      - tool:call:TaskList
      - tool:call:TaskUpdate
      - tool:call:Task
      - tool:call:Agent
      - tool:call:AskUserQuestion
      - tool:call:EnterPlanMode
      - tool:call:ExitPlanMode
      - tool:call:update_plan
      - tool:call:manage_todo_list
      - tool:call:runSubagent
    reason: lists, plans and helpers of coding agents; what a helper does is asked about by itself

agent_risk:
  # No agent ever, and no agent without a person.
  always_deny: ["grant:*", "policy:write", "policy:reload", "firewall:write", "audit:export"]
  ask: ["service:restart", "config:write"]

models:
  # Formats a model may be promoted in. Formats that can run code when they are loaded stay out.
  allow_formats: [gguf, safetensors]
  deny_formats: [pickle, pt, bin]
`
