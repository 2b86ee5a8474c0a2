import Formats

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The engines we measure ourselves against, and where `make peers` puts them.
public struct PeerCatalogue: Sendable {
  /// What peers are asked to do.
  public enum Task: Sendable, Equatable {
    /// Prompts and tokens of the model file at `path`, sequences of at most `capacity` tokens.
    case model(path: String, capacity: Int, vocabulary: Int)
    /// Products of f32 matrices with so many threads.
    case gemm(threads: Int)
    /// Attention.
    case attention
    /// Logits and likeliest tokens of the model file at `path`, its weights decoded to f32.
    case logits(path: String)
    /// Token ids of the text `file` with the vocabulary of `model`, on one thread.
    case tokenize(model: String, file: String)
    /// Embeddings by the encoder in `folder`, whose graph for onnxruntime is at `graph`.
    case embeddings(folder: String, graph: String)
    /// Steps of training a model that is known by its name.
    case training(model: String)

    /// The task's name.
    public var name: String {
      switch self {
      case .model: "model"
      case .gemm: "gemm"
      case .attention: "attention"
      case .logits: "logits"
      case .tokenize: "tokenize"
      case .embeddings: "embeddings"
      case .training: "training"
      }
    }

    /// The peers that do it.
    public var peers: [String] {
      switch self {
      case .model: ["llama.cpp", "ik", "openvino", "openvino-f32"]
      case .gemm: ["torch", "onednn", "numpy"]
      case .attention: ["torch"]
      case .logits: ["torch"]
      case .tokenize: ["tokenizers"]
      case .embeddings: ["torch", "onnxruntime"]
      case .training: ["torch", "torch-compile"]
      }
    }
  }

  /// One way of running a peer. Its best one counts, so there may be several.
  public struct Variant: Sendable, Equatable {
    /// What sets it apart, for reports; empty for the only one.
    public var name: String
    /// The worker's file name and its arguments.
    public var worker: String
    /// Arguments of the worker beside those of every worker for the task.
    public var arguments: [String]
    /// Settings of its environment, `NAME=VALUE`.
    public var environment: [String] = []
    /// What every request says beside the work.
    public var request: [JSON.Member]
  }

  /// The folder that `make peers` fills.
  public let home: String
  /// Where Python workers may lie, in the order they are looked for.
  public let scriptFolders: [String]

  /// A catalogue over the folder that `make peers` fills.
  ///
  /// - Parameters:
  ///   - home: that folder; by default what `VENTURI_PEERS` names, else `peers` in the model home.
  ///   - executable: the running program's path; a checkout of the sources above it holds the Python workers.
  public init(home: String, executable: String? = nil) {
    self.home = home
    var folders = ["\(home)/workers", "Benchmarks/peers"]
    var folder = executable.map { Array($0.split(separator: "/", omittingEmptySubsequences: true)) } ?? []
    while !folder.isEmpty {
      folder.removeLast()
      folders.append("/" + (folder + ["Benchmarks", "peers"]).joined(separator: "/"))
    }
    scriptFolders = folders
  }

  /// How `make peers` is asked for a peer.
  public static let hint = "`make peers` installs it"

  /// The ways to run the peer `name` for `task`.
  ///
  /// - Throws: ``ProfilingError/invalidSetting(field:problem:)`` for a name that no peer has.
  public static func variants(of name: String, for task: Task) throws(ProfilingError) -> [Variant] {
    guard task.peers.contains(name) else {
      throw .invalidSetting(
        field: "--against",
        problem: "'\(name)' is no peer for \(task.name); there are \(task.peers.joined(separator: ", "))")
    }
    func flash(_ on: Bool) -> [JSON.Member] { [JSON.Member("flash", .bool(on))] }
    func mode(_ name: String) -> [JSON.Member] { [JSON.Member("mode", .string(name))] }
    switch (name, task) {
    case ("llama.cpp", .model(let path, let capacity, _)):
      let arguments = [path, "--ctx", String(capacity)]
      return [
        Variant(name: "flash attention", worker: "llama_worker", arguments: arguments, request: flash(true)),
        Variant(name: "no flash attention", worker: "llama_worker", arguments: arguments, request: flash(false)),
      ]
    case ("ik", .model(let path, let capacity, _)):
      let arguments = [path, "--ctx", String(capacity)]
      return [
        Variant(name: "flash attention", worker: "ik_llama_worker.py", arguments: arguments, request: flash(true)),
        Variant(
          name: "flash attention, repacked", worker: "ik_llama_worker.py", arguments: arguments + ["--repack"],
          request: flash(true)),
        Variant(
          name: "no flash attention, repacked", worker: "ik_llama_worker.py", arguments: arguments + ["--repack"],
          request: flash(false)),
      ]
    case ("openvino", .model(let path, _, let vocabulary)):
      return [
        Variant(
          name: "", worker: "openvino_worker.py", arguments: [path, "--vocabulary", String(vocabulary)], request: [])
      ]
    case ("openvino-f32", .model(let path, _, let vocabulary)):
      let precision = ["--property", "INFERENCE_PRECISION_HINT=f32"]
      return [
        Variant(
          name: "", worker: "openvino_worker.py", arguments: [path, "--vocabulary", String(vocabulary)] + precision,
          request: [])
      ]
    case ("torch", .attention):
      return [
        Variant(name: "grouped heads", worker: "torch_worker.py", arguments: [], request: mode("grouped")),
        Variant(name: "expanded heads", worker: "torch_worker.py", arguments: [], request: mode("expanded")),
      ]
    case ("torch", .training(let model)):
      // Convolutions may be faster on images whose channels lie innermost.
      let layouts = model == "cnn" ? ["contiguous", "channels last"] : ["contiguous"]
      return layouts.map { layout in
        Variant(
          name: layouts.count > 1 ? layout : "", worker: "torch_train_worker.py", arguments: [],
          request: [JSON.Member("layout", .string(layout))])
      }
    case ("torch-compile", .training):
      return [
        Variant(
          name: "", worker: "torch_train_worker.py", arguments: [], request: [JSON.Member("compile", .bool(true))])
      ]
    case ("torch", .logits(let path)):
      return [Variant(name: "", worker: "torch_llama_worker.py", arguments: [path], request: [])]
    case ("tokenizers", .tokenize(let model, let file)):
      let worker = "tokenizers_worker.py"
      return [
        Variant(name: "one by one", worker: worker, arguments: [model, file], request: mode("one")),
        Variant(name: "in a batch", worker: worker, arguments: [model, file], request: mode("batch")),
      ]
    case (_, .embeddings(let folder, let graph)):
      let arguments = name == "torch" ? [folder] : [folder, graph]
      return [8, 16, 32, 64].map { batch in
        Variant(
          name: "batches of \(batch)", worker: "\(name)_embed_worker.py", arguments: arguments,
          request: [JSON.Member("batch", .integer(batch))])
      }
    case ("numpy", .gemm(let threads)):
      let environment = ["OPENBLAS_NUM_THREADS=\(threads)"]
      return [
        Variant(name: "", worker: "numpy_worker.py", arguments: [], environment: environment, request: [])
      ]
    case ("onednn", _):
      return [Variant(name: "", worker: "onednn_worker", arguments: [], request: [])]
    default:
      return [Variant(name: "", worker: "\(name)_worker.py", arguments: [], request: [])]
    }
  }

  /// The command that runs a worker: its own path for a program, the peers' Python before it for a script.
  ///
  /// - Throws: ``ProfilingError/peerAbsent(name:hint:)``.
  public func command(_ variant: Variant, of name: String) throws(ProfilingError) -> [String] {
    if !variant.worker.hasSuffix(".py") {
      let program = "\(home)/bin/\(variant.worker)"
      guard access(program, X_OK) == 0 else { throw .peerAbsent(name: name, hint: Self.hint) }
      return [program]
    }
    let python = "\(home)/venv/bin/python"
    let scripts: [String] = scriptFolders.map { folder in "\(folder)/\(variant.worker)" }
    let script = scripts.first { path in access(path, R_OK) == 0 }
    guard access(python, X_OK) == 0, let script else { throw .peerAbsent(name: name, hint: Self.hint) }
    return [python, script]
  }

  /// The path of llama.cpp's server.
  ///
  /// - Throws: ``ProfilingError/peerAbsent(name:hint:)``.
  public func llamaServer() throws(ProfilingError) -> String {
    let program = "\(home)/build/llama.cpp/bin/llama-server"
    guard access(program, X_OK) == 0 else { throw .peerAbsent(name: "llama.cpp's server", hint: Self.hint) }
    return program
  }

  /// Whether the files of a peer are there; starting it may still fail.
  public func isInstalled(_ name: String, for task: Task) -> Bool {
    guard let variants = try? Self.variants(of: name, for: task) else { return false }
    return variants.contains { (try? command($0, of: name)) != nil }
  }
}
