import CVenturi
import Formats
import Tensors

/// The machine as far as measured settings depend on it.
public struct MachineIdentity: Sendable, Hashable {
  /// The processor's name, as the system has it.
  public var processor: String
  /// The compiled kernels in use.
  public var kernels: String
  /// The processors that a process may use.
  public var processors: Int

  /// A machine from its parts.
  public init(processor: String, kernels: String, processors: Int) {
    self.processor = processor
    self.kernels = kernels
    self.processors = processors
  }

  /// This machine.
  public static var current: MachineIdentity {
    MachineIdentity(
      processor: processorName, kernels: KernelSet.preferred.rawValue, processors: Int(vt_available_processors()))
  }

  /// The processor's name; `unknown` where the system does not tell.
  public static var processorName: String {
    // Every processor has its own entry; the first is enough.
    guard let bytes = try? Files.read("/proc/cpuinfo", limit: 1 << 24) else { return "unknown" }
    for line in String(decoding: bytes.prefix(1 << 14), as: UTF8.self).split(separator: "\n")
    where line.hasPrefix("model name") {
      guard let colon = line.firstIndex(of: ":") else { continue }
      return String(line[line.index(after: colon)...].drop { $0 == " " })
    }
    return "unknown"
  }

  /// `{"processor", "kernels", "processors"}`.
  public var json: JSON {
    ["processor": .string(processor), "kernels": .string(kernels), "processors": .integer(processors)]
  }
}
