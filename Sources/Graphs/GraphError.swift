import Formats

/// What can go wrong when a graph is made ready or run.
public enum GraphError: Error, Sendable, Equatable {
  /// An operator that is not in the library.
  case unknownOperator(node: String, name: String, domain: String, version: Int64)
  /// A node whose inputs, attributes or shapes the operator does not take; `reason` says why.
  case refused(node: String, reason: String)
  /// An input of the graph that is missing, not known or of another type.
  case badInput(name: String, reason: String)
  /// A tensor that would take more memory than the run may have.
  case memoryLimit(node: String, needed: Int, limit: Int)
  /// More steps of loops, or more nodes, than the run may take.
  case stepLimit(node: String, limit: Int)
  /// The caller asked for an end.
  case cancelled
  /// Data of another file that cannot be had.
  case externalData(tensor: String, path: String, reason: String)
}

extension GraphError: CustomStringConvertible {
  /// A sentence that holds the values.
  public var description: String {
    switch self {
    case .unknownOperator(let node, let name, let domain, let version):
      "node \(node): there is no operator '\(name)' of '\(domain.isEmpty ? "ai.onnx" : domain)' version \(version)"
    case .refused(let node, let reason): "node \(node): \(reason)"
    case .badInput(let name, let reason): "input '\(name)': \(reason)"
    case .memoryLimit(let node, let needed, let limit):
      "node \(node): a tensor of \(needed) bytes passes the limit of \(limit)"
    case .stepLimit(let node, let limit): "node \(node): the run takes more than \(limit) steps"
    case .cancelled: "the run was cancelled"
    case .externalData(let tensor, let path, let reason): "tensor '\(tensor)': cannot read '\(path)': \(reason)"
    }
  }
}

/// Why an operator does not take what it was given; the executor adds the node.
struct Refusal: Error {
  let reason: String

  init(_ reason: String) { self.reason = reason }
}

/// A tensor that is too large; the executor adds the node.
struct TooLarge: Error {
  let needed: Int
  let limit: Int
}
