import Formats
import Tensors
import VenturiTesting

/// A number in so many significant digits, for the details of checks and measures.
func scientific(_ value: Double, digits: Int = 2) -> String {
  value.isFinite ? JSON.rounded(value, digits: digits).line : "\(value)"
}

/// The numbers of an f32 tensor that may be a view, in the order of its indices.
func floats(_ x: Tensor, _ context: Context) -> [Float] { context.contiguous(x).floats }
