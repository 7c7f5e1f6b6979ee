//! What the author of a wrong policy is told: line, column, the text, and what would be right.

use proptest::test_runner::{Config as ProptestConfig, FileFailurePersistence};
use slr_core::policy::{Document, DocumentKind, MalformedPolicyDocument, guides};

fn refuse(kind: DocumentKind, text: &str) -> MalformedPolicyDocument {
    match Document::parse(kind, text) {
        Ok(_) => panic!("accepted: {text}"),
        Err(error) => error,
    }
}

/// Each snapshot shows the policies with their reports, so that a change of words is seen beside its cause.
fn reports(cases: &[(DocumentKind, &str)]) -> String {
    let shown = cases.iter().map(|(kind, text)| {
        let report = refuse(*kind, text).report();
        format!("{kind:?}\n{text}\n\n{report}")
    });
    shown.collect::<Vec<_>>().join("\n----------\n")
}

use DocumentKind::{Identity, Resource, Trust};

#[test]
fn syntax() {
    let shown = reports(&[
        (Identity, ""),
        (Identity, "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [],\n}"),
        (Identity, "{\n  \"Version\": \"2012-10-17\"\n  \"Statement\": []\n}"),
        (Identity, "{'Version': '2012-10-17'}"),
        (Identity, "{\"Version\": \"2012-10-17"),
        (Identity, "{\"Version\": \"2012-10-17\"} {}"),
        (Identity, "[{\"Version\": \"2012\\-10-17\"}]"),
        (Identity, "{\"Id\": \"\u{2013}\"}"),
        (Identity, "{\"Statement\": [[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]}"),
    ]);
    insta::assert_snapshot!(shown);
}

#[test]
fn elements() {
    let shown = reports(&[
        (Identity, "[]"),
        (Identity, "{\"Version\": \"2012-10-17\"}"),
        (Identity, "{\"Version\": \"2012-10-17\", \"Statment\": []}"),
        (Identity, "{\"Version\": \"2020-01-01\", \"Statement\": []}"),
        (Identity, "{\"Version\": 2012, \"Statement\": \"all\"}"),
        (
            Identity,
            r#"{
  "Version": "2012-10-17",
  "Statement": [
    {"Sid": "One", "Effect": "allow", "Action": "iam:PassRole", "Resource": "*"},
    {"Sid": "One", "Action": "iam:PassRole", "NotAction": "iam:GetRole", "Resource": []},
    {"Sid": "is-this", "Effect": "Allow", "actions": "iam:*", "Resource": "*", "Resource": "*"},
    "everything"
  ]
}"#,
        ),
    ]);
    insta::assert_snapshot!(shown);
}

#[test]
fn actions_and_resources() {
    let shown = reports(&[
        (
            Identity,
            r#"{
  "Version": "2012-10-17",
  "Statement": {
    "Effect": "Allow",
    "Action": ["CreateServiceLinkedRole", "i*:Get*", "iam:Get Role", "iam:", 7],
    "Resource": [
      "AWSServiceRoleForAmazonSSM",
      "arn:aws",
      "arn:aws:*:::x",
      "arn:aws:iam::*:user/${aws:username",
      "arn:aws:iam::*:user/${aws:username, none}"
    ]
  }
}"#,
        ),
        // A policy on one line is shown around the place only.
        (
            Identity,
            r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iam:GetRole", "Resource": "*"}, {"Effect": "Allow", "Action": "iam:PassRole", "Resource": "role/x"}, {"Effect": "Allow", "Action": "iam:ListRoles", "Resource": "*"}]}"#,
        ),
    ]);
    insta::assert_snapshot!(shown);
}

#[test]
fn principals() {
    let shown = reports(&[
        (
            Identity,
            r#"{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "iam:PassRole", "Resource": "*"}}"#,
        ),
        (Trust, r#"{"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole"}}"#),
        (
            Trust,
            r#"{
  "Statement": [
    {"Effect": "Allow", "Principal": {"Service": "ssm.*"}, "Action": "sts:AssumeRole"},
    {"Effect": "Allow", "Principal": {"AWS": ["arn:aws:iam::*:root", "alice", "1234"]}, "Action": "sts:AssumeRole"},
    {"Effect": "Allow", "Principal": {"Services": "ssm.amazonaws.com"}, "Action": "sts:AssumeRole"},
    {"Effect": "Allow", "Principal": {"Service": ""}, "Action": "sts:AssumeRole"},
    {"Effect": "Allow", "NotPrincipal": {"AWS": "111122223333"}, "Action": "sts:AssumeRole"},
    {"Effect": "Allow", "Principal": {}, "Action": "sts:AssumeRole"},
    {"Effect": "Allow", "Principal": "ssm.amazonaws.com", "Action": "sts:AssumeRole"},
    {"Effect": "Allow", "Principal": {"Service": "ssm.amazonaws.com"}, "Action": "iam:PassRole", "Resource": "*"}
  ]
}"#,
        ),
        (Resource, r#"{"Statement": {"Effect": "Deny", "Principal": "*", "Action": "sns:*"}}"#),
    ]);
    insta::assert_snapshot!(shown);
}

#[test]
fn conditions() {
    let shown = reports(&[(
        Identity,
        r#"{
  "Version": "2012-10-17",
  "Statement": {
    "Effect": "Allow",
    "Action": "iam:CreateServiceLinkedRole",
    "Resource": "*",
    "Condition": {
      "stringlike": {"iam:AWSServiceName": "ssm.amazonaws.com"},
      "StringMatches": {"iam:AWSServiceName": "ssm.amazonaws.com"},
      "NullIfExists": {"iam:AWSServiceName": "true"},
      "StringEquals": {"iam:AWSServiceName": [], "aws:username": null, "aws:userid": [["x"]]},
      "StringEquals": {"a": "x", "a": "y"},
      "ArnLike": {"iam:AssociatedResourceArn": "instance/*"},
      "NumericLessThan": {"aws:MultiFactorAuthAge": ["3600", "an hour", "later"]},
      "DateLessThan": {"aws:CurrentTime": "1 April 2020"},
      "Bool": {"aws:SecureTransport": "yes"},
      "Null": {"aws:TokenIssueTime": "maybe"},
      "IpAddress": {"aws:SourceIp": "203.0.113.0/40"},
      "StringLike": "ssm"
    }
  }
}"#,
    )]);
    insta::assert_snapshot!(shown);
}

#[test]
fn a_client_gets_one_line() {
    let error = refuse(Identity, "{\"Version\": \"2012\", \"Statement\": []}");
    assert_eq!(
        error.to_string(),
        "line 1, column 13: policy language version `2012` does not exist; write `\"2012-10-17\"` (and 1 more)"
    );
    assert_eq!(MalformedPolicyDocument::CODE, "MalformedPolicyDocument");
    assert_eq!(error.problems().len(), 2);
}

#[test]
fn places_count_characters_and_lines_end_as_they_like() {
    let error = refuse(Identity, "{\"Id\": \"é\", \"X\":\r\n1, \"Statement\": {}}");
    let places: Vec<_> = error.problems().iter().map(|problem| (problem.line, problem.column)).collect();
    // The unknown element, then the three members that the statement lacks.
    assert_eq!(places, [(1, 13), (2, 17), (2, 17), (2, 17)]);
}

#[test]
fn a_document_may_not_be_endless() {
    let error = refuse(Identity, &format!("{{\"Id\": \"{}\"}}", "x".repeat(131_072)));
    assert_eq!(error.problems()[0].code.as_str(), "policy-text");
}

#[test]
fn white_space_does_not_count_against_quotas() {
    let text = r#"{ "Statement": { "Effect": "Allow", "Action": "iam:Get*", "Resource": "*" } }"#;
    let document = Document::parse(Identity, text).unwrap();
    assert_eq!(document.quota_characters() as usize, text.replace(' ', "").len());
}

proptest::proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(
            "tests/policy_errors.proptest-regressions",
        ))),
        ..ProptestConfig::default()
    })]

    /// Whatever the text, the answer is a document or a report: guides' policies with pieces cut out, doubled and
    /// replaced, and plain noise.
    #[test]
    fn no_text_upsets_the_parser(
        at in 0_usize..guides::ALL.len(),
        cuts in proptest::collection::vec((0_usize..3_000, 0_usize..12, "[\\\\\"{}\\[\\],:$*?a0é\u{1f600} \n\t-]{0,4}"), 1..4),
        noise in "[\\\\\"{}\\[\\],:a-zA-Z0-9é\u{1f600} \n-]{0,40}",
    ) {
        let mut letters: Vec<char> = guides::ALL[at].text.chars().collect();
        for (from, width, piece) in cuts {
            let from = from % letters.len().max(1);
            let to = (from + width).min(letters.len());
            letters.splice(from.min(to)..to, piece.chars());
        }
        let text: String = letters.into_iter().collect();
        for kind in [Identity, Trust, Resource] {
            for text in [&text, &noise] {
                if let Err(error) = Document::parse(kind, text) {
                    proptest::prop_assert!(!error.problems().is_empty());
                    proptest::prop_assert!(error.report().contains("help: "));
                }
            }
        }
    }
}

#[test]
fn resources_of_another_partition() {
    let policy = |element: &str, resource: &str| {
        format!(r#"{{"Statement": {{"Effect": "Allow", "Action": "s3:GetObject", "{element}": ["*", "{resource}"]}}}}"#)
    };
    for element in ["Resource", "NotResource"] {
        for own in ["arn:aws-cn:s3:::a/*", "arn:*:s3:::a/*", "arn:aws*:s3:::a/*", "arn:a?s-cn:s3:::a/*", "*"] {
            assert!(Document::parse_in("aws-cn", Identity, &policy(element, own)).is_ok(), "{own}");
        }
        for foreign in ["arn:aws:s3:::a/*", "arn:aws-us-gov:s3:::a/*", "arn::s3:::a/*", "arn:${p}:s3:::a/*"] {
            let refused = Document::parse_in("aws-cn", Identity, &policy(element, foreign)).unwrap_err();
            let partition = foreign.split(':').nth(1).unwrap();
            let told = format!("Partition \"{partition}\" is not valid for resource \"{foreign}\"");
            assert!(refused.to_string().contains(&told), "{refused}");
        }
    }
    let foreign = policy("Resource", "arn:aws:s3:::a/*");
    assert!(Document::parse(Identity, &foreign).is_ok(), "nobody says in which partition");
}
