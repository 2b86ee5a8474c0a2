import Models
import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

extension EngineProfile {
  /// What looking for a profile found.
  public struct Finding: Sendable {
    /// The profile that holds here, if there is one.
    public var profile: EngineProfile?
    /// Why another was passed over.
    public var notes: [String] = []
  }

  /// Where the profile of a model's file is: beside it.
  public static func path(beside model: String) -> String { model + ".profile.json" }

  /// Where the profile of a model is kept when the folder of its file cannot be written.
  public static func path(in home: ModelHome, model: String, fingerprint: ModelFingerprint) -> String {
    let name = model.split(separator: "/").last.map(String.init) ?? "model"
    return "\(home.path)/profiles/\(name)-\(fingerprint.digest.prefix(16)).profile.json"
  }

  /// Looks for the profile of a model: in the home, where it is when its user could not write it beside the model, then
  /// beside the model.
  ///
  /// A profile of another machine or of a changed model is passed over with a note, as is one beside the model that may
  /// not be read, or is a device or a pipe.
  ///
  /// - Throws: ``InferenceError/damagedProfile(path:field:problem:)``; ``InferenceError/system(operation:path:code:)`` for a
  ///   file that was named and cannot be read; `TensorError` when the model's file changes meanwhile.
  public static func find(_ source: ProfileSource, model: String, checkpoint: Checkpoint, home: ModelHome = ModelHome())
    throws -> Finding
  {
    var finding = Finding()
    var fingerprint: ModelFingerprint?
    func consider(_ path: String, mustExist: Bool) throws {
      let bytes: [UInt8]
      if !mustExist, Files.isSpecial(path) {
        // Who waits for a pipe may wait for ever.
        finding.notes.append("profile \(path) is passed over: not a regular file")
        return
      }
      do throws(InferenceError) { bytes = try Files.read(path, limit: maxBytes + 1) } catch {
        if mustExist { throw error }
        guard case .system(_, _, let code) = error, code != ENOENT, code != ENOTDIR else { return }
        finding.notes.append("profile \(path) is passed over: \(systemMessage(code))")
        return
      }
      let profile = try EngineProfile(parsing: bytes, path: path)
      let own = try fingerprint ?? ModelFingerprint(checkpoint)
      fingerprint = own
      if let problem = profile.mismatch(machine: .current, model: own) {
        finding.notes.append("profile \(path) is passed over: \(problem)")
      } else {
        finding.profile = profile
      }
    }
    switch source {
    case .none: break
    case .path(let path): try consider(path, mustExist: true)
    case .automatic:
      if Files.isFolder(home.path + "/profiles") {
        let own = try fingerprint ?? ModelFingerprint(checkpoint)
        fingerprint = own
        try consider(path(in: home, model: model, fingerprint: own), mustExist: false)
      }
      if finding.profile == nil { try consider(path(beside: model), mustExist: false) }
    }
    return finding
  }

  /// Writes the profile beside the model's file, else into the home, so that it is the one found from now on; a reader sees the old file or the new one, never a
  /// part.
  ///
  /// - Returns: the path written.
  /// - Throws: ``InferenceError/system(operation:path:code:)``.
  @discardableResult
  public func write(for model: String, home: ModelHome = ModelHome()) throws(InferenceError) -> String {
    let beside = Self.path(beside: model)
    do throws(InferenceError) {
      try write(to: beside)
      // An older one in the home would count over it.
      unlink(Self.path(in: home, model: model, fingerprint: self.model))
      return beside
    } catch {
      guard case .system(_, _, let code) = error, [EACCES, EPERM, EROFS].contains(code) else { throw error }
    }
    let path = Self.path(in: home, model: model, fingerprint: self.model)
    try write(to: path)
    return path
  }

  /// Writes the profile to a file.
  ///
  /// - Throws: ``InferenceError/system(operation:path:code:)``.
  public func write(to path: String) throws(InferenceError) {
    try Files.writeAtomically(path, Array((json.pretty + "\n").utf8))
  }
}
