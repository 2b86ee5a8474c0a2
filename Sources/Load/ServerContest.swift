import Client
import Formats
import Profiling

/// Servers in turns under the same load: ours, theirs, ours, …; each started anew for its turn, so that nothing is left of the last one.
public struct ServerContest: Sendable {
  /// The servers: ours first.
  public var servers: [ServerCommand]
  /// Seconds that an answer may take.
  public var timeout: Double

  /// A contest from its parts.
  public init(servers: [ServerCommand], timeout: Double) { (self.servers, self.timeout) = (servers, timeout) }

  /// One turn of every server under a load, with the same requests: an object with a member for each, the figures of ``LoadResult`` with
  /// `startSeconds`, `peakBytes` and `processorSeconds`. The model is the first that a server lists.
  ///
  /// - Throws: ``LoadError``, `ClientError`, `CancellationError`.
  public func round(_ settings: LoadSettings, _ pool: RequestPool) async throws -> JSON {
    var members: [JSON.Member] = []
    for server in servers { members.append(JSON.Member(server.name, try await turn(server, settings, pool))) }
    return .object(members)
  }

  private func turn(_ command: ServerCommand, _ settings: LoadSettings, _ pool: RequestPool) async throws -> JSON {
    let server = try await ServerProcess(command)
    defer { server.stop() }
    let limits = ClientLimits.load(timeout: timeout)
    let client = try APIClient(server.address, limits: limits)
    guard let model = try await client.models().first else {
      throw LoadError.serverFailed(name: command.name, problem: "it has no model")
    }
    var settings = settings
    settings.model = model
    let result = try await LoadGenerator(client, settings: settings, pool: pool).run()
    var members = result.json.members ?? []
    members.append(JSON.Member("startSeconds", .rounded(server.startSeconds)))
    if let usage = server.usage {
      members.append(JSON.Member("peakBytes", .integer(usage.peakBytes)))
      members.append(JSON.Member("processorSeconds", .rounded(usage.seconds)))
    }
    return .object(members)
  }
}
