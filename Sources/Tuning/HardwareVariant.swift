import Inference
import Profiling

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Other machines, made of this one: what settings are best may change with it.
public enum HardwareVariant: String, Sendable, Hashable, CaseIterable {
  /// As it is.
  case native
  /// One processor.
  case oneProcessor = "one-processor"
  /// Half of the processors' time, by a control group.
  case halfQuota = "half-quota"
  /// 16 MiB for the states of all sequences.
  case littleMemory = "little-memory"
  /// Plain scalar kernels.
  case scalar

  /// Bytes of states with little memory.
  static let littleBytes = 16 << 20

  /// What is done, for reports.
  public var text: String {
    switch self {
    case .native: "as it is"
    case .oneProcessor: "one processor"
    case .halfQuota: "half of the processors' time"
    case .littleMemory: "16 MiB for states"
    case .scalar: "scalar kernels"
    }
  }

  /// Makes trials run on the variant.
  ///
  /// - Throws: ``/Profiling/ProfilingError/invalidSetting(field:problem:)`` where this machine cannot be made so.
  public func apply(to process: inout TrialProcess, _ options: inout ServingBench.Options) throws(ProfilingError) {
    options.hardware = rawValue
    switch self {
    case .native: break
    case .oneProcessor:
      let program = "/usr/bin/taskset"
      guard access(program, X_OK) == 0 else { throw unavailable("there is no \(program)") }
      process.command = [program, "--cpu-list", "0"] + process.command
    case .halfQuota:
      let group = try Self.quotaGroup()
      process.command = ["/bin/sh", "-c", "echo $$ >\(group)/cgroup.procs && exec \"$@\"", "sh"] + process.command
    case .littleMemory: options.stateMemory = Self.littleBytes
    case .scalar: process.environment.append("VENTURI_KERNELS=reference")
    }
  }

  private func unavailable(_ problem: String) -> ProfilingError {
    .invalidSetting(field: "hardware \(rawValue)", problem: problem)
  }

  /// A control group of this program's with half of the time of all processors.
  private static func quotaGroup() throws(ProfilingError) -> String {
    let period = 100_000
    let quota = MachineIdentity.current.processors * period / 2
    // The older form has a tree for each kind of limit.
    let isOld = access("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", F_OK) == 0 || access("/sys/fs/cgroup/cpu", F_OK) == 0
    let group = isOld ? "/sys/fs/cgroup/cpu/venturi-half" : "/sys/fs/cgroup/venturi-half"
    guard mkdir(group, 0o755) == 0 || errno == EEXIST else {
      throw .invalidSetting(field: "hardware half-quota", problem: "\(group): \(systemErrorText(errno))")
    }
    let limits =
      isOld
      ? [("cpu.cfs_period_us", "\(period)"), ("cpu.cfs_quota_us", "\(quota)")] : [("cpu.max", "\(quota) \(period)")]
    for (name, value) in limits {
      let file = open("\(group)/\(name)", O_WRONLY | O_CLOEXEC)
      let count = file >= 0 ? write(file, value, value.utf8.count) : -1
      let code = errno
      if file >= 0 { close(file) }
      guard count == value.utf8.count else {
        throw .invalidSetting(field: "hardware half-quota", problem: "\(group)/\(name): \(systemErrorText(code))")
      }
    }
    return group
  }
}
