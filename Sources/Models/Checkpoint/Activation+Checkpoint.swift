import Formats
import Layers

extension Activation {
  /// What `hidden_activation` of a checkpoint says, in Hugging Face's words, as its converted folders have it.
  ///
  /// - Throws: ``ModelError/configuration(key:problem:)`` for an unknown name.
  init(_ file: Checkpoint, otherwise: Activation) throws {
    let key = "\(try file.string("general.architecture")).hidden_activation"
    switch try file.stringIfPresent(key) {
    case nil: self = otherwise
    case "gelu": self = .gelu
    case "gelu_new", "gelu_pytorch_tanh", "gelu_fast": self = .geluTanh
    case "silu", "swish": self = .silu
    case "relu": self = .relu
    case let name?: throw ModelError.configuration(key: key, problem: "'\(name)' is not supported")
    }
  }
}
