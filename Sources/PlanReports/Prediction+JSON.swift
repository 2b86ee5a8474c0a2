import Formats
import Planner

extension Prediction {
  /// `{"name", "predicted", "published", "error", "limit", "met", "verified", "heldOut", "plainRoofline", "plainError"}`;
  /// errors as signed fractions of the published figure.
  package var json: JSON {
    [
      "name": .string(name), "predicted": .rounded(predicted), "published": .rounded(published),
      "error": .rounded(error, digits: 4), "limit": .rounded(limit), "met": .bool(met), "verified": .bool(verified),
      "heldOut": .bool(heldOut), "plainRoofline": .rounded(plainRoofline),
      "plainError": .rounded(plainError, digits: 4),
    ]
  }
}
