import Profiling

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Peers that only experiments ask: a Python worker in a process of its own.
enum ScriptPeer {
  /// Starts a worker by its file's name; why there is none, where there is none.
  static func start(
    _ name: String, script: String, arguments: [String] = [], environment: [String] = [], _ conditions: RunConditions
  ) -> Result<PeerProcess, ProfilingError> {
    let python = "\(conditions.peers.home)/venv/bin/python"
    let paths: [String] = conditions.peers.scriptFolders.map { folder in "\(folder)/\(script)" }
    guard let path = paths.first(where: { access($0, R_OK) == 0 }) else {
      return .failure(.peerAbsent(name: name, hint: PeerCatalogue.hint))
    }
    do throws(ProfilingError) {
      return .success(
        try PeerProcess(
          name: name, command: [python, path] + arguments, environment: environment, hint: PeerCatalogue.hint))
    } catch { return .failure(error) }
  }
}
