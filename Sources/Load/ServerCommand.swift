import Profiling

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// How a server of a model file is started: the same file, threads, cache precision and room for each.
public struct ServerCommand: Sendable, Equatable {
  /// The server's name in reports.
  public var name: String
  /// The program's path and its arguments, but for the port.
  public var arguments: [String]

  /// A command from its parts; `--port N` is put behind the arguments.
  public init(name: String, arguments: [String]) { (self.name, self.arguments) = (name, arguments) }

  /// The conditions that are equal for all.
  public struct Conditions: Sendable, Equatable {
    /// The model file.
    public var model: String
    /// Threads that compute.
    public var threads: Int
    /// Answers generated at once.
    public var parallel: Int
    /// Tokens of the longest sequence: prompt and answer.
    public var context: Int

    /// Conditions from their parts.
    public init(model: String, threads: Int, parallel: Int, context: Int) {
      (self.model, self.threads, self.parallel, self.context) = (model, threads, parallel, context)
    }
  }

  /// Ours, by the program at `path`; a profile beside the model counts for nothing.
  public static func ours(_ path: String, _ conditions: Conditions) -> ServerCommand {
    ServerCommand(
      name: "ours",
      arguments: [
        path, "-m", conditions.model, "--threads", "\(conditions.threads)", "--parallel", "\(conditions.parallel)",
        "--ctx-size", "\(conditions.context)", "--no-profile", "--log-level", "warning",
      ])
  }

  /// llama.cpp's, which batches continuously by itself: flash attention, a cache in f16 with room for all sequences at once.
  public static func llama(_ path: String, _ conditions: Conditions) -> ServerCommand {
    let (total, overflow) = conditions.context.multipliedReportingOverflow(by: conditions.parallel)
    return ServerCommand(
      name: "llama.cpp",
      arguments: [
        path, "-m", conditions.model, "-t", "\(conditions.threads)", "-tb", "\(conditions.threads)", "-np",
        "\(conditions.parallel)", "-c", "\(overflow ? Int(Int32.max) : total)", "-fa", "on", "-ctk", "f16", "-ctv",
        "f16",
        "--cache-ram", "0", "--no-webui",
      ])
  }
}
