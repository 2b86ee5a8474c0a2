/// A number format in which a device computes; integer formats count a multiply and an add as two operations.
public enum Precision: String, Sendable, Hashable, CaseIterable, Codable {
  case f64, f32, tf32, bf16, f16, fp8, int16, int8, int4
}
