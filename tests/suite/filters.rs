//! Filters and programs on files against what the real ones of Debian 12 answered.

use maillab::machine::Machine;
use maillab::machine::testing::{bare_world, run_in};

const SETUP: &str = "cd /root; printf 'uno\\ndos\\ntres\\ncuatro\\n' > a; printf 'uno\\nDOS\\ntres\\ncinco\\n' > b";

#[test]
fn answers_are_debians() {
    for (line, stdout, stderr, code) in [
        ("sed -n '2,$p' a", "dos\ntres\ncuatro\n", "", 0),
        ("sed ':a;N;$!ba;s/\\n/,/g' a", "uno,dos,tres,cuatro\n", "", 0),
        ("sed '1!G;h;$!d' a", "cuatro\ntres\ndos\nuno\n", "", 0),
        ("sed 's/foo' a", "", "sed: -e expression #1, char 5: unterminated `s' command\n", 1),
        ("sed '3{d' a", "", "sed: -e expression #1, char 0: unmatched `{'\n", 1),
        ("awk '{a[$1]=NR} END{for(k in a)print k,a[k]}' a | sort | head -1", "cuatro 4\n", "", 0),
        ("awk '{print $1' a", "", "awk: line 2: missing } near end of file\n", 2),
        (
            "awk 'BEGIN{n=split(\"maria juan ana root x10 sent bounced deferred\",w,\" \");for(i=1;i<=n;i++)a[w[i]]\n\
             for(k in a)printf \"%s \",k}'",
            "root ana juan bounced maria deferred x10 sent ",
            "",
            0,
        ),
        ("grep -A1 -B1 -n tres a", "2-dos\n3:tres\n4-cuatro\n", "", 0),
        ("grep -L uno a b; echo $?", "0\n", "", 0),
        (
            "grep --foo x a",
            "",
            "grep: unrecognized option '--foo'\nUsage: grep [OPTION]... PATTERNS [FILE]...\n\
             Try 'grep --help' for more information.\n",
            2,
        ),
        ("diff a b", "2c2\n< dos\n---\n> DOS\n4c4\n< cuatro\n---\n> cinco\n", "", 1),
        ("seq 5 -2 1", "5\n3\n1\n", "", 0),
        ("chmod xyz a", "", "chmod: invalid mode: ‘xyz’\nTry 'chmod --help' for more information.\n", 1),
        ("rm noexiste", "", "rm: cannot remove 'noexiste': No such file or directory\n", 1),
        ("find . -foo", "", "find: unknown predicate `-foo'\n", 1),
        ("ls -m", "a, b\n", "", 0),
        ("gzip -c a | zcat | md5sum", "", "", 0),
        ("wc -l 'c d'; touch 'c d'; wc -l 'c d'", "0 c d\n", "wc: 'c d': No such file or directory\n", 0),
        ("sort -m a b", "uno\ndos\ntres\ncuatro\nuno\nDOS\ntres\ncinco\n", "", 0),
        ("tail -1 a b", "", "tail: option used in invalid context -- 1\n", 1),
        ("grep '[' a", "", "grep: Invalid regular expression\n", 2),
        ("grep -P '(' a", "", "grep: missing closing parenthesis\n", 2),
        ("grep -P '*a' a", "", "grep: quantifier does not follow a repeatable item\n", 2),
        ("grep '[:space:]' a", "", "grep: character class syntax is [[:space:]], not [:space:]\n", 2),
        ("grep -T -n uno a", " 1:\tuno\n", "", 0),
        ("cat a | grep -Tn uno", "                   1:\tuno\n", "", 0),
        ("grep -E '*a' a", "cuatro\n", "grep: warning: * at start of expression\n", 0),
        ("awk 'BEGIN { print 2**3 }'", "", "awk: line 1: syntax error at or near *\n", 2),
        ("awk 'BEGIN { print \"sin cierre }'", "", "awk: line 1: runaway string constant \"sin cierre ...\n", 2),
        ("sed bfuera a", "", "sed: can't find label for jump to `fuera'\n", 4),
        ("diff a", "", "diff: missing operand after 'a'\ndiff: Try 'diff --help' for more information.\n", 2),
        ("cksum a; sum a", "604147679 20 a\n20512     1 a\n", "", 0),
        ("set -n; echo nada", "", "", 0),
        ("exec echo a; echo b", "a\n", "", 0),
        ("type -a echo", "echo is a shell builtin\necho is /usr/bin/echo\necho is /bin/echo\n", "", 0),
        ("shopt -s globstar; mkdir -p d/e; echo d/**", "d/ d/e\n", "", 0),
        ("echo ${BASH_VERSINFO[0]}", "5\n", "", 0),
        ("mkdir d; ln d x", "", "ln: d: hard link not allowed for directory\n", 1),
        (": ; gzip a; gzip -t a.gz; echo $?", "0\n", "", 0),
    ] {
        let mut m = Machine::new(bare_world());
        run_in(&mut m, SETUP);
        let r = run_in(&mut m, &format!("cd /root; {line}"));
        if line.starts_with("gzip") {
            let plain = run_in(&mut m, "cd /root; md5sum < a");
            assert_eq!(r.stdout, plain.stdout, "{line}");
            continue;
        }
        assert_eq!((r.stdout.as_str(), r.stderr.as_str(), r.code), (stdout, stderr, code), "{line}");
    }
}

#[test]
fn endless_programs_end() {
    for line in [
        "awk 'BEGIN{while(1)x++}'",
        "awk 'BEGIN{while(1)x=x \"aaaaaaaaaaaaaaaa\"}'",
        "awk 'function f(n){return f(n+1)} BEGIN{f(1)}'",
        "echo a | sed ':a;s/a/aa/;ba'",
        "echo a | sed ':a;ba'",
        "yes > /dev/null",
        "cat /dev/zero | wc -c",
        "head -c 99999999999999 /dev/zero | tail -c 1",
        "sort /dev/zero",
        "tail -f /root/a | head -1",
    ] {
        let mut m = Machine::new(bare_world());
        run_in(&mut m, SETUP);
        // That it comes back is the test.
        run_in(&mut m, line);
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
    /// Any words to any program: an answer, no panic.
    #[test]
    fn any_arguments(n in 0usize..1000, words in proptest::collection::vec("[-a-zA-Z0-9/.*+{}()\\[\\]^$,:=%\\\\ ñ]{0,8}", 0..5)) {
        let all = maillab::command::programs();
        let p = all[n % all.len()];
        let quoted: Vec<String> = words.iter().map(|w| format!("'{w}'")).collect();
        let mut m = Machine::new(bare_world());
        run_in(&mut m, SETUP);
        run_in(&mut m, &format!("cd /root; {} {} < a", p.name, quoted.join(" ")));
    }
}
